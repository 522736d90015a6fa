#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/goldens/torch: files as torch.save writes them, and broken and hostile ones.

Python's own pickler writes them, with stand-ins for the few names of torch that a dictionary of tensors is made of, so
torch is not needed. manifest.json holds the tensors of each good file and the words that the error of each bad one
must have. Standard library only, the output is the same each time.
"""
import collections
import io
import json
import pathlib
import pickle
import shutil
import struct
import sys
import types
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "goldens" / "torch"
MAGIC = 0x1950A86A20F9469CFC6C
FORMATS = {"Float": "f", "Half": "e", "Double": "d", "Long": "q", "Int": "i", "Short": "h", "Char": "b", "Byte": "B", "Bool": "?"}
DTYPES = {"Float": "F32", "Half": "F16", "BFloat16": "BF16", "Double": "F64", "Long": "I64", "Int": "I32", "Short": "I16",
          "Char": "I8", "Byte": "U8", "Bool": "BOOL"}


def stand_in(module, name, value):
    value.__module__, value.__qualname__, value.__name__ = module, name, name
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, value)
    return value


def function(name):
    return stand_in("torch._utils", name, lambda *_: None)


REBUILD, REBUILD_OLD, REBUILD_PARAMETER = map(function, ("_rebuild_tensor_v2", "_rebuild_tensor", "_rebuild_parameter"))
REBUILD_FP8 = function("_rebuild_tensor_v3")
STORAGES = {kind: stand_in("torch", kind + "Storage", type(kind, (), {})) for kind in (*DTYPES, "ComplexFloat")}


class Size(tuple):
    def __reduce__(self):
        return Size, (tuple(self),)


stand_in("torch", "Size", Size)


class Storage:
    def __init__(self, kind, values, elements=None, key=None, view=None):
        self.kind, self.key, self.view = kind, key, view
        self.elements = len(values) if elements is None else elements
        if kind == "BFloat16":
            self.data = b"".join(struct.pack("<f", value)[2:] for value in values)
        else:
            self.data = struct.pack(f"<{len(values)}{FORMATS.get(kind, 'f')}", *values)


class Call:
    """Pickled as the call of a function."""

    def __init__(self, callee, *arguments):
        self.callee, self.arguments = callee, arguments

    def __reduce__(self):
        return self.callee, self.arguments


def tensor(storage, shape, strides, offset=0, rebuild=REBUILD):
    more = () if rebuild is REBUILD_OLD else (False, collections.OrderedDict())
    return Call(rebuild, storage, offset, shape, strides, *more)


def parameter(value):
    return Call(REBUILD_PARAMETER, value, True, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def __init__(self, file, protocol, legacy):
        super().__init__(file, protocol)
        self.legacy, self.storages = legacy, {}

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        key = value.key or str(len(self.storages))
        for known, storage in self.storages.items():
            key = known if storage is value else key
        self.storages[key] = value
        return ("storage", STORAGES[value.kind], key, "cpu", value.elements) + ((value.view,) if self.legacy else ())


def pickled(value, protocol=2, legacy=False):
    """(bytes, storages)"""
    file = io.BytesIO()
    pickler = Pickler(file, protocol, legacy)
    pickler.dump(value)
    return file.getvalue(), pickler.storages


def packed(entries, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compress_type=method)
    return file.getvalue()


def zip_form(value, protocol=2, drop=(), order="little", main=None, method=zipfile.ZIP_STORED, extra=()):
    data, storages = pickled(value, protocol)
    entries = [("m/data.pkl", data if main is None else main), ("m/byteorder", order.encode())]
    entries += [(f"m/data/{key}", storage.data) for key, storage in storages.items() if key not in drop]
    return packed(entries + [("m/version", b"3\n"), *extra], method)


def legacy_form(value, magic=MAGIC, version=1001, little=True):
    data, storages = pickled(value, legacy=True)
    head = [magic, version, {"protocol_version": 1001, "little_endian": little, "type_sizes": {"short": 2}}]
    file = b"".join(pickle.dumps(part, 2) for part in head) + data + pickle.dumps(sorted(storages), 2)
    return file + b"".join(struct.pack("<q", len(storages[key].data) * storages[key].elements // max(1, storages[key].elements)
                                       // size_of(storages[key])) + storages[key].data for key in sorted(storages))


def size_of(storage):
    return 2 if storage.kind == "BFloat16" else struct.calcsize(FORMATS[storage.kind])


def zip64(plain):
    """The same file with every number of its directory in zip64 fields."""
    end = plain.rindex(b"PK\5\6")
    count, size, begin = struct.unpack("<HII", plain[end + 10:end + 20])
    directory, at = b"", begin
    while at < end:
        fields = list(struct.unpack("<4s6H3I5H2I", plain[at:at + 46]))
        names = plain[at + 46:at + 46 + fields[10]]
        extra = struct.pack("<HHH", 0x7777, 2, 0) + struct.pack("<HHQQQ", 1, 24, fields[9], fields[8], fields[16])
        at += 46 + fields[10] + fields[11] + fields[12]
        fields[8] = fields[9] = fields[16] = 0xFFFFFFFF
        fields[11], fields[12] = len(extra), 0
        directory += struct.pack("<4s6H3I5H2I", *fields) + names + extra
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), begin)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, begin + len(directory), 1)
    return plain[:begin] + directory + end64 + locator + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def facts(kind, shape, values):
    return {"dtype": DTYPES[kind], "shape": shape, "values": values}


def good_cases():
    numbers = [-3, -2, -1, 0, 1, 2]
    matrix = Storage("Float", numbers)
    plain = collections.OrderedDict(w=tensor(matrix, (2, 3), (3, 1)), b=tensor(Storage("Float", [0.5, -7.25]), (2,), (1,)))
    expected = {"w": facts("Float", [2, 3], numbers), "b": facts("Float", [2], [0.5, -7.25])}
    versions = collections.OrderedDict(plain)
    versions._metadata = collections.OrderedDict({"": {"version": 1}})
    for name, file in (("zip", zip_form(plain)), ("zip-protocol-4", zip_form(plain, 4)), ("zip-protocol-5", zip_form(plain, 5)),
                       ("zip-dict", zip_form(dict(plain))), ("zip-metadata", zip_form(versions)), ("zip64", zip64(zip_form(plain))),
                       ("legacy", legacy_form(plain)), ("legacy-dict", legacy_form(dict(plain)))):
        yield name, file, expected
    everything, found = {}, {}
    for kind in DTYPES:
        values = [0, 1, 1] if kind in ("Bool", "Byte") else [-2, 0, 3]
        everything[kind] = tensor(Storage(kind, values), (3,), (1,))
        found[kind] = facts(kind, [3], values)
    yield "zip-types", zip_form(everything), found
    yield "legacy-types", legacy_form(everything), found
    shared = Storage("Float", list(range(24)))
    views = {"whole": tensor(shared, (24,), (1,)), "tail": tensor(shared, (2, 3), (3, 1), 18), "scalar": tensor(shared, (), (), 5),
             "transposed": tensor(shared, (3, 2), (1, 3)), "column": tensor(shared, (4,), (6,), 1), "empty": tensor(shared, (0, 4), (4, 1)),
             "one-row": tensor(shared, (1, 3), (999, 1), 2), "three": tensor(shared, (2, 3, 4), (4, 8, 1)),
             "repeated": tensor(shared, (3, 2), (0, 1), 7), "size": tensor(shared, Size((2, 2)), (2, 1)),
             "parameter": parameter(tensor(shared, (3,), (1,), 1)), "old": tensor(shared, (2,), (1,), 3, REBUILD_OLD)}
    found = {"whole": ([24], list(range(24))), "tail": ([2, 3], list(range(18, 24))), "scalar": ([], [5]),
             "transposed": ([3, 2], [0, 3, 1, 4, 2, 5]), "column": ([4], [1, 7, 13, 19]), "empty": ([0, 4], []), "one-row": ([1, 3], [2, 3, 4]),
             "three": ([2, 3, 4], [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23]),
             "repeated": ([3, 2], [7, 8, 7, 8, 7, 8]), "size": ([2, 2], [0, 1, 2, 3]), "parameter": ([3], [1, 2, 3]), "old": ([2], [3, 4])}
    found = {name: facts("Float", shape, values) for name, (shape, values) in found.items()}
    yield "zip-views", zip_form(views), found
    yield "legacy-views", legacy_form(views), found
    old_view = Storage("Float", [1, 2, 3, 4], view=("v", 1, 2))
    yield "legacy-storage-view", legacy_form({"w": tensor(old_view, (2,), (1,))}), {"w": facts("Float", [2], [2, 3])}
    # What Python 2 wrote: names as byte strings, an OrderedDict from a list of pairs.
    pairs = pickled([["w", tensor(matrix, (2, 3), (3, 1))]])[0][2:-1].replace(b"X\x01\0\0\0w", b"U\x01w")
    yield ("zip-python-2", zip_form({"w": tensor(matrix, (2, 3), (3, 1))}, main=b"\x80\x02ccollections\nOrderedDict\n" + pairs + b"\x85R."),
           {"w": expected["w"]})


def bad_cases():
    def one(shape=(2, 3), strides=(3, 1), offset=0, **storage):
        return {"w": tensor(Storage(**{"kind": "Float", "values": [0.0] * 6, **storage}), shape, strides, offset)}

    def main(text):
        return zip_form({}, main=text)

    good = zip_form(one())
    yield "empty", b"", ["is empty"]
    yield "text", b"<html>502</html>", ["neither a zip file nor a pickle"]
    yield "lfs", b"version https://git-lfs.github.com/spec/v1\n", ["Git LFS"]
    yield "os-system", main(b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."), ["posix.system", "not run"]
    yield "os-system-4", main(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R."), ["os.system"]
    yield "os-system-legacy", legacy_form({})[:-4] + b"cos\nsystem\n.", ["os.system"]
    yield "complex", zip_form(one(kind="ComplexFloat")), ["torch.ComplexFloatStorage"]
    yield "rebuild-v3", zip_form({"w": Call(REBUILD_FP8, 1)}), ["torch._utils._rebuild_tensor_v3"]
    yield "newobj", main(b"\x80\x02ccollections\nOrderedDict\n)\x81."), ["opcode 0x81"]
    yield "protocol-0", main(b"(dp0\n."), ["opcode 0x64"]
    yield "protocol-9", main(b"\x80\x09}."), ["protocol 9"]
    yield "call-of-call", main(b"\x80\x02ctorch\nSize\n)R)R."), ["calls the call of torch.Size"]
    yield "build-list", main(b"\x80\x02]}b."), ["sets the state of a list"]
    yield "odd-items", main(b"\x80\x02}(K\x01u."), ["a key without a value"]
    yield "append-to-number", main(b"\x80\x02K\x01K\x02a."), ["adds items to a number"]
    yield "marks", main(b"\x80\x02" + b"(" * 5000 + b"."), ["empty stack"]
    yield "unfinished", main(b"\x80\x02}"), ["ends early"]
    yield "name-without-end", main(b"\x80\x02ctorch"), ["ends early"]
    yield "not-a-dict", main(b"\x80\x02]."), ["a list", "a dictionary of tensors"]
    yield "number-in-dict", main(b"\x80\x02}U\x01wK\x01s."), ["\"w\"", "a number", "a tensor"]
    yield "number-as-key", main(b"\x80\x02}K\x01K\x01s."), ["a number", "as a key"]
    yield "nested", zip_form({"state_dict": one()}), ["\"state_dict\"", "a dictionary"]
    yield "control-name", zip_form({"a\nb": one()["w"]}), ["a\\x0ab"]
    twice = zip_form({"w": one()["w"], "x": one()["w"]}).replace(b"X\x01\0\0\0x", b"X\x01\0\0\0w")
    yield "twice", twice, ["\"w\"", "twice"]
    yield "shape-past-storage", zip_form(one(shape=(3, 3))), ["\"w\"", "past its storage"]
    yield "shape-negative", zip_form(one(shape=(-2, 3))), ["\"w\"", "-2"]
    yield "shape-overflow", zip_form(one(shape=(1 << 40, 1 << 40), strides=(0, 0))), ["\"w\"", "too large"]
    yield "shape-big-integer", zip_form(one(shape=(1 << 70, 3))), ["\"w\"", "whole number"]
    yield "stride-negative", zip_form(one(strides=(-3, 1))), ["\"w\"", "-3"]
    yield "stride-overflow", zip_form(one(strides=(1 << 62, 1 << 62))), ["\"w\"", "past its storage"]
    yield "ranks-differ", zip_form(one(strides=(1,))), ["\"w\"", "[1]"]
    yield "many-dimensions", zip_form(one(shape=(1,) * 65, strides=(1,) * 65)), ["\"w\"", "64"]
    yield "offset-negative", zip_form(one(offset=-1)), ["\"w\"", "-1"]
    yield "offset-past", zip_form(one(offset=1)), ["\"w\"", "past its storage"]
    yield "expanded", zip_form(one(shape=(1 << 40, 3), strides=(0, 1))), ["\"w\"", "repeats"]
    yield "storage-short", zip_form(one(elements=60)), ["\"w\"", "24 bytes", "240"]
    yield "storage-negative", zip_form(one(elements=-6)), ["\"w\"", "-6"]
    yield "storage-huge", zip_form(one(elements=1 << 62)), ["\"w\"", "too large"]
    yield "storage-missing", zip_form(one(), drop=("0",)), ["\"w\"", "m/data/0"]
    yield "storage-key-path", zip_form(one(key="../../x"), drop=("../../x",)), ["\"w\"", "../../x"]
    yield "big-endian", zip_form(one(), order="big"), ["byte order", "big"]
    yield "compressed", zip_form(one(), method=zipfile.ZIP_DEFLATED), ["compressed", "method 8"]
    yield "no-data-pkl", packed([("m/code.py", b"")]), ["data.pkl"]
    yield "two-data-pkl", zip_form(one(), extra=[("n/data.pkl", b".")]), ["two folders"]
    yield "zip-cut", good[:-30], ["cut off"]
    yield "zip-comment", good + b"x", ["cut off"]
    end = good.rindex(b"PK\5\6")
    begin = struct.unpack("<I", good[end + 16:end + 20])[0]
    yield "zip-directory-past", good[:end + 16] + struct.pack("<I", len(good)) + good[end + 20:], ["zip file"]
    yield "zip-count", good[:end + 10] + b"\xff\xff" + good[end + 12:], ["65535 entries"]
    yield "zip-entry-size", good[:begin + 20] + struct.pack("<II", 1 << 30, 1 << 30) + good[begin + 28:], ["m/data.pkl"]
    yield "zip-overlap", good[:begin + 20] + struct.pack("<II", 400, 400) + good[begin + 28:], ["overlap"]
    yield "zip-sizes-differ", good[:begin + 20] + struct.pack("<II", 10, 11) + good[begin + 28:], ["not compressed"]
    yield "zip-encrypted", good[:begin + 8] + b"\1" + good[begin + 9:], ["encrypted"]
    yield "zip-header", good[:begin + 42] + b"\1" + good[begin + 43:], ["no local header"]
    yield "zip-name-twice", good.replace(b"m/version", b"m/data.pk").replace(b"m/data.pk", b"m/byteord")[:0] + \
        packed([("m/data.pkl", b"."), ("m/data.pkm", b".")]).replace(b"m/data.pkm", b"m/data.pkl"), ["twice"]
    old = legacy_form(one())
    yield "legacy-magic", legacy_form(one(), magic=MAGIC + 1), ["magic"]
    yield "legacy-version", legacy_form(one(), version=1002), ["1002"]
    yield "legacy-big-endian", legacy_form(one(), little=False), ["byte order"]
    yield "legacy-cut", old[:-3], ["\"0\"", "ends after"]
    yield "legacy-cut-size", old[:-28], ["\"0\"", "ends before"]
    yield "legacy-size", old[:-32] + struct.pack("<q", -1) + old[-24:], ["\"0\"", "-1"]
    yield "legacy-unknown-storage", old.replace(b"X\x01\0\0\0" + b"0" + b"q\x01a.", b"X\x01\0\0\0" + b"7" + b"q\x01a."), ["\"7\""]
    yield "legacy-view", legacy_form(one(view=("v", 5, 2))), ["\"w\""]


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir(parents=True)
    manifest = {"good": {}, "bad": {}}
    for name, content, found in good_cases():
        (ROOT / f"{name}.bin").write_bytes(content)
        manifest["good"][name] = found
    for name, content, words in bad_cases():
        assert name not in manifest["bad"], name
        (ROOT / f"bad-{name}.bin").write_bytes(content)
        manifest["bad"][name] = words
    (ROOT / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
