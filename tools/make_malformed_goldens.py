#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/goldens/malformed: one small good model folder and many broken or hostile variants of it.

A case's folder holds only the files that differ; manifest.json says which files of _good stand beside them, and which
words the error must hold. Standard library only, the output is the same each time.
"""
import copy
import json
import pathlib
import random
import shutil
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "goldens" / "malformed"
QUERY = "bert.encoder.layer.0.attention.self.query.weight"
SHARD = "model-00001-of-00001.safetensors"

CONFIG = {
    "architectures": ["BertForSequenceClassification"], "hidden_act": "gelu", "hidden_size": 8,
    "id2label": {"0": "no", "1": "yes", "2": "perhaps"}, "intermediate_size": 8, "layer_norm_eps": 1e-12,
    "max_position_embeddings": 8, "model_type": "bert", "num_attention_heads": 2, "num_hidden_layers": 1,
    "pad_token_id": 0, "type_vocab_size": 2, "vocab_size": 11,
}
SHAPES = {
    "bert.embeddings.word_embeddings.weight": [11, 8],
    "bert.encoder.layer.0.attention.self.query.bias": [8],
    QUERY: [8, 8],
    "classifier.bias": [3],
    "classifier.weight": [3, 8],
}


def count(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def good_tensors():
    """(header, data): every tensor is F32, one behind the other in the order of SHAPES."""
    generator = random.Random(0)
    header, data = {}, b""
    for name, shape in SHAPES.items():
        values = [generator.gauss(0, 0.5) for _ in range(count(shape))]
        raw = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    return header, data


HEADER, DATA = good_tensors()


def pack(header, data=DATA, length=None):
    """A safetensors file; header may be an object, text or bytes, length a lie about it."""
    if isinstance(header, dict):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def changed(**fields):
    """The good header with other fields for the query matrix; None leaves a field out."""
    header = copy.deepcopy(HEADER)
    for key, value in fields.items():
        header[QUERY][key] = value
        if value is None:
            del header[QUERY][key]
    return header


def without(name):
    return {key: value for key, value in HEADER.items() if key != name}


def repacked(names):
    """A good file with these tensors alone."""
    header, data = {}, b""
    for name in names:
        begin, end = HEADER[name]["data_offsets"]
        header[name] = dict(HEADER[name], data_offsets=[len(data), len(data) + end - begin])
        data += DATA[begin:end]
    return pack(header, data)


def safetensors_cases():
    text = json.dumps(HEADER)
    begin, end = HEADER[QUERY]["data_offsets"]
    twice = text[:-1] + f', "{QUERY}": ' + json.dumps(HEADER[QUERY]) + "}"
    named = [QUERY]
    yield "st-header-longer-than-file", pack(text, length=len(text) + len(DATA) + 1), ["header"]
    yield "st-header-huge", pack(text, length=1 << 40), ["header"]
    yield "st-header-sign", pack(text, length=(1 << 64) - 1), ["header"]
    yield "st-header-empty", pack(b"", b""), ["header"]
    yield "st-header-array", pack("[]", b""), ["header"]
    yield "st-header-unclosed", pack(text[:-1]), ["header"]
    yield "st-header-nul", pack(text.encode() + b"\0"), ["header"]
    yield "st-header-surrogate", pack('{"\\ud800": 1}', b""), ["header"]
    yield "st-not-json", pack("not json", b""), ["header"]
    yield "st-invalid-utf8", pack(b'{"\xff": {}}', b""), ["header"]
    yield "st-zero-length", b"", ["header"]
    yield "st-seven-bytes", b"\0" * 7, ["header"]
    yield "st-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", ["Git LFS"]
    yield "st-metadata-not-text", pack(dict(HEADER, __metadata__={"a": 1})), ["header", "__metadata__"]
    yield "st-metadata-not-object", pack(dict(HEADER, __metadata__=[])), ["header", "__metadata__"]
    yield "st-truncated-data", pack(text, DATA[: len(DATA) // 2]), []
    yield "st-trailing-bytes", pack(text, DATA + b"\0" * 64), ["64"]
    yield "st-hole", pack(without(QUERY)), [f"{begin} to {end}"]
    yield "st-negative-offset", pack(changed(data_offsets=[-256, 0])), named + ["-256"]
    yield "st-offset-reversed", pack(changed(data_offsets=[end, begin])), named
    yield "st-offset-out-of-range", pack(changed(data_offsets=[begin, end + 10**9])), named
    yield "st-offset-past-64-bits", pack(changed(data_offsets=[begin, 1 << 64])), named
    yield "st-offset-overlap", pack(changed(data_offsets=[begin - 4, end - 4])), named + ["overlap"]
    yield "st-offset-fraction", pack(changed(data_offsets=[begin + 0.5, end + 0.5])), named
    yield "st-offset-three", pack(changed(data_offsets=[begin, end, end])), named
    yield "st-offset-missing", pack(changed(data_offsets=None)), named
    yield "st-shape-mismatch", pack(changed(shape=[8, 9])), named + ["[8, 9]"]
    yield "st-shape-overflow", pack(changed(shape=[1 << 33, 1 << 33])), named
    yield "st-shape-overflow-bytes", pack(changed(shape=[(1 << 62) + 16])), named
    yield "st-shape-negative", pack(changed(shape=[-8, -8])), named + ["-8"]
    yield "st-shape-text", pack(changed(shape="8")), named
    yield "st-dtype-unknown", pack(changed(dtype="F33")), named + ["F33"]
    yield "st-dtype-number", pack(changed(dtype=32)), named
    yield "st-entry-extra", pack(changed(more=1)), named
    yield "st-entry-number", pack(dict(HEADER, **{QUERY: 1})), named
    yield "st-duplicate-key", pack(twice), named
    yield "tensor-missing", repacked(without(QUERY)), named
    yield "tensor-wrong-shape", pack(changed(shape=[4, 16])), named + ["[4, 16]", "[8, 8]"]
    yield "tensor-wrong-rank", pack(changed(shape=[64])), named + ["[64]"]
    yield "tensor-integer", pack(changed(dtype="I32")), named + ["I32"]
    yield "head-missing", repacked([name for name in SHAPES if not name.startswith("classifier")]), ["classifier.weight"]


def config_cases():
    def config(**fields):
        return json.dumps({key: value for key, value in {**CONFIG, **fields}.items() if value != "absent"})

    for key in ("hidden_size", "vocab_size", "num_hidden_layers", "model_type"):
        yield f"cfg-missing-{key}", config(**{key: "absent"}), [key]
    yield "cfg-type-text", config(hidden_size="8"), ["hidden_size", '"8"']
    yield "cfg-type-fraction", config(num_attention_heads=2.5), ["num_attention_heads", "2.5"]
    yield "cfg-type-null", config(intermediate_size=None), ["intermediate_size", "null"]
    yield "cfg-type-true", config(hidden_size=True), ["hidden_size", "true"]
    yield "cfg-negative", config(num_hidden_layers=-1), ["num_hidden_layers", "-1"]
    yield "cfg-zero-heads", config(num_attention_heads=0), ["num_attention_heads"]
    yield "cfg-heads-not-dividing", config(num_attention_heads=3), ["num_attention_heads", "hidden_size"]
    yield "cfg-absurd-hidden", config(hidden_size=1 << 40), ["hidden_size"]
    yield "cfg-absurd-layers", config(num_hidden_layers=1 << 62), ["num_hidden_layers"]
    yield "cfg-absurd-vocab", config(vocab_size=10**30), ["vocab_size"]
    yield "cfg-unknown-model", config(model_type="frobnicate"), ["frobnicate"]
    yield "cfg-unknown-act", config(hidden_act="wobble"), ["hidden_act", "wobble"]
    yield "cfg-unknown-problem", config(problem_type="multi_label"), ["problem_type", "multi_label"]
    yield "cfg-eps-nan", config(layer_norm_eps=float("nan")), ["layer_norm_eps"]
    yield "cfg-eps-huge", config().replace("1e-12", "1e999"), ["layer_norm_eps"]
    yield "cfg-duplicate-key", config()[:-1] + ', "hidden_size": 9}', ["hidden_size", "twice"]
    yield "cfg-label-gap", config(id2label={"0": "no", "2": "yes"}), ["id2label", "2"]
    yield "cfg-label-twice", config(id2label={"0": "no", "00": "yes"}), ["id2label", "0"]
    yield "cfg-label-key", config(id2label={"zero": "no"}), ["id2label", "zero"]
    yield "cfg-label-object", config(id2label={"0": {}}), ["id2label"]
    yield "cfg-label-list", config(id2label=["no"]), ["id2label"]
    yield "cfg-quantised", config(quantization_config={"bits": 4}), ["quantization_config"]
    yield "cfg-pruned", config(pruned_heads={"0": [1]}), ["pruned_heads"]
    yield "cfg-not-json", "{hidden_size: 8", []
    yield "cfg-empty", "", []
    yield "cfg-array", "[]", []
    yield "cfg-nul", config() + "\0", []
    yield "cfg-trailing", config() + " {}", []
    yield "cfg-invalid-utf8", b'{"model_type":"be\xffrt"}', ["model_type"]


def index_cases():
    def index(shard):
        return json.dumps({"metadata": {}, "weight_map": {name: shard for name in SHAPES}})

    yield "idx-missing-shard", index("model-00002-of-00002.safetensors"), ["model-00002-of-00002.safetensors"]
    yield "idx-parent-path", index("../idx-no-map/" + SHARD), [".."]
    yield "idx-inner-parent-path", index("a/../../idx-no-map/" + SHARD), [".."]
    yield "idx-absolute-path", index("/etc/hostname"), ["/etc/hostname"]
    yield "idx-nul-path", index(SHARD + "\0.txt"), []
    yield "idx-empty-path", index(""), []
    yield "idx-folder", index("."), []
    yield "idx-no-map", '{"metadata": {}}', ["weight_map"]
    yield "idx-map-list", '{"weight_map": []}', ["weight_map"]
    yield "idx-map-number", index(1), ["weight_map"]
    yield "idx-array", "[]", ["weight_map"]
    yield "idx-not-json", "]", []


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    good = {"config.json": json.dumps(CONFIG), "model.safetensors": pack(HEADER)}
    for name, content in good.items():
        write(ROOT / "_good" / name, content)
    cases = []

    def add(folder, files, from_good, words):
        for name, content in files.items():
            write(ROOT / folder / name, content)
        cases.append({"folder": folder, "from_good": from_good, "must_mention": words})

    weights, config, index = "model.safetensors", "config.json", "model.safetensors.index.json"
    for folder, content, words in safetensors_cases():
        add(folder, {weights: content}, [config], [weights] + words)
    for folder, content, words in config_cases():
        add(folder, {config: content}, [weights], [config] + words)
    for folder, content, words in index_cases():
        files = {index: content}
        add(folder, files, [config], ([index] if folder != "idx-folder" else []) + words)
    shard = repacked(without(QUERY))
    lacking = json.dumps({"weight_map": {name: SHARD for name in SHAPES}})
    add("idx-tensor-not-in-shard", {index: lacking, SHARD: shard}, [config], [index, QUERY])
    add("no-config", {}, [weights], [config])
    add("no-weights", {}, [config], [weights, index, "pytorch_model.bin"])
    write(ROOT / "manifest.json", json.dumps({"cases": cases}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
