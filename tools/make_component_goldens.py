#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes random tokenizers and what the `tokenizers` library (0.22.2) makes of random texts with them.

Each line: {"settings": a tokenizer.json, "records": [{"kind": "encode" | "pair" | "words" | "decode", ...}, ...]} with the
fields of tests/text_records.h, or "error" where the library refuses. The model is one of characters, so that every piece
and every offset is seen. Left out are defects of the library: an added token whose content a normalizer takes away,
and characters that Replace puts before a text, in a ByteLevel pre-tokenizer (it doubles them). With --models also byte
fallback beside a prefix or suffix, whose bytes the library counts as bytes of the text.

Usage: make_component_goldens.py [--models] COUNT SEED [CHARSMAP.json...] | gzip -9n > FILE
(tests/goldens/text/components.jsonl.gz: 300, 1; needs tokenizers 0.22.2 and numpy)

--models: every kind of model with random vocabularies and options, truncation, long and odd texts. To compare:
PELLUCID_RECORDS=FILE text_test --gtest_filter='RandomComponents.*'
"""
import json
import os
import random
import sys

from tokenizers import Tokenizer

WORDS = """Hello world it's IT'S don’t naïve Straße STRASSE ΑΣ İstanbul ﬁne ﬀ ﬆ ½ x² 1234567 3.14 e\u0301 q\u0323\u0307 가 각 \u1100\u1161
中文 日本語カタカナひらがな ー кот ЁЖ ß ẞ ſ K 😀 👨‍👩‍👧 🇩🇪🇫 \u200b \ufeff \u00ad \u0085 \u2028 \u3000 \u00a0 _a_ a_b -- ... !? $5 €
[X] [x] <s> <S> foo Foo FOO foobar ▁ ▁▁ Ġ \u0378 \u0600a क्ष \r\n \r \n \t \x00 \x01 \x07 a\u0301\u0302 \u0301 ab abc aab bb""".split(" ")
WORDS = [w for part in WORDS for w in part.split("\n") if w] + ["\n", "\r\n", "\u00a0", "\u3000", "\x1c", "  "]
PATTERNS = [r"\s+", r"\w+", r"\p{L}+|\p{N}+", r"[^\s\p{L}\p{N}]+", r"(?i:s|ss)", r"(?i:'s|st|fi)", r"\p{N}{1,3}", r"\p{N}{1,2}+", r"^\w", r"\w$", r"\b",
            r"(?<=a)b|c", r"(?<!\w)\w", r"a{2}?", r"(?m:.)", r".", r"\R", r"[[:punct:]]+", r"[[:upper:]][[:lower:]]*", r"\p{Han}|\p{Hiragana}+",
            r"[a-z&&[^aeiou]]+", r"\h+", r"(?x) a b | c  # x", r"a++b?", r"\s*\n|\s+(?!\S)", r"[^\n]+$", r"\A\w+|\w+\z", r"(?i)[a-c]+", r"(?i)[^k]", r"\p{^L}+",
            r"\P{Lu}", r"(?i)\p{Lu}", r"(?>a+)b", r"a|", r"", r"x*", r"(\p{L})(?=\p{N})", r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"\d+", r"\W", r"\S+", r"\D+", r"\p{Emoji}+", r"\p{Greek}+|\p{Cyrillic}+", r"[\p{M}\u200d]+", r"(?i)ß", r"(?i:k)", r"a{,2}", r"\u0041|\x{e9}", r"^", r"$", r"\Z", r"\G\w"]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
STRINGS = [" ", "a", "ab", "aa", "▁", "é", "中", ".", "foo", "", "\n", "x", "  "]


def text_of(rng):
    parts = []
    for _ in range(rng.randint(0, 7)):
        parts.append(rng.choice(WORDS))
        parts.append(rng.choice(["", " ", " ", " ", "  ", "\n"]))
    return ("" if rng.random() < .7 else " ") + "".join(parts)


def pattern(rng):
    return {"Regex": rng.choice(PATTERNS)} if rng.random() < .6 else {"String": rng.choice(STRINGS)}


def flag(rng):
    return rng.random() < .5


def normalizer(rng, maps, depth=0):
    kind = rng.choice(["BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Replace", "Replace", "Prepend", "Precompiled", "Nmt", "ByteLevel", "Sequence", "Sequence"])
    value = {"type": kind}
    if kind == "Sequence":
        if depth > 1:
            return {"type": "NFC"}
        value["normalizers"] = [normalizer(rng, maps, depth + 1) for _ in range(rng.randint(0, 4))]
    elif kind == "BertNormalizer":
        value |= {"clean_text": flag(rng), "handle_chinese_chars": flag(rng), "strip_accents": rng.choice([None, True, False]), "lowercase": flag(rng)}
    elif kind == "Strip":
        value |= {"strip_left": flag(rng), "strip_right": flag(rng)}
    elif kind == "Replace":
        value |= {"pattern": pattern(rng), "content": rng.choice(["", " ", "x", "▁", "yy", "é", "$0", "\\1"])}
    elif kind == "Prepend":
        value["prepend"] = rng.choice(["▁", "ab", " ", "é"])
    elif kind == "Precompiled":
        value["precompiled_charsmap"] = rng.choice(maps)
    return value


def pre_tokenizer(rng, depth=0):
    kind = rng.choice(["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "CharDelimiterSplit", "Punctuation", "Digits", "Split", "Split", "Split", "ByteLevel", "Metaspace", "Metaspace", "UnicodeScripts", "FixedLength", "Sequence", "Sequence"])
    value = {"type": kind}
    if kind == "Sequence":
        if depth > 1:
            return {"type": "Whitespace"}
        value["pretokenizers"] = [pre_tokenizer(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    elif kind == "CharDelimiterSplit":
        value["delimiter"] = rng.choice("a -é▁")
    elif kind == "Punctuation":
        value["behavior"] = rng.choice(BEHAVIORS)
    elif kind == "Digits":
        value["individual_digits"] = flag(rng)
    elif kind == "Split":
        value |= {"pattern": pattern(rng), "behavior": rng.choice(BEHAVIORS), "invert": flag(rng)}
    elif kind == "ByteLevel":
        value |= {"add_prefix_space": flag(rng), "trim_offsets": flag(rng), "use_regex": flag(rng)}
    elif kind == "Metaspace":
        value |= {"replacement": rng.choice("▁▁_"), "prepend_scheme": rng.choice(["always", "first", "never"]), "split": flag(rng)}
    elif kind == "FixedLength":
        value["length"] = rng.randint(1, 4)
    return value


def decoder(rng, depth=0):
    kind = rng.choice(["WordPiece", "BPEDecoder", "ByteLevel", "ByteFallback", "Metaspace", "Fuse", "Strip", "Replace", "CTC", "Sequence", "Sequence"])
    value = {"type": kind}
    if kind == "Sequence":
        value["decoders"] = [] if depth > 1 else [decoder(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    elif kind == "WordPiece":
        value |= {"prefix": rng.choice(["##", "a", ""]), "cleanup": flag(rng)}
    elif kind == "BPEDecoder":
        value["suffix"] = rng.choice(["</w>", "a", ""])
    elif kind == "ByteLevel":
        value |= {"add_prefix_space": flag(rng), "trim_offsets": flag(rng), "use_regex": flag(rng)}
    elif kind == "Metaspace":
        value |= {"replacement": "▁", "prepend_scheme": rng.choice(["always", "first", "never"]), "split": flag(rng)}
    elif kind == "Strip":
        value |= {"content": rng.choice(" a_"), "start": rng.randint(0, 2), "stop": 0}
    elif kind == "Replace":
        value |= {"pattern": pattern(rng), "content": rng.choice(["", " ", "x"])}
    elif kind == "CTC":
        value |= {"pad_token": rng.choice(["a", "<s>", ""]), "word_delimiter_token": rng.choice(["|", "▁"]), "cleanup": flag(rng)}
    return value


def post_processor(rng, depth=0):
    kind = rng.choice(["RobertaProcessing", "BertProcessing", "ByteLevel", "TemplateProcessing", "Sequence"])
    value = {"type": kind}
    if kind == "Sequence":
        value["processors"] = [post_processor(rng, 1) for _ in range(rng.randint(0, 2))] if depth == 0 else []
    elif kind in ("RobertaProcessing", "BertProcessing"):
        value |= {"sep": ["</s>", 1], "cls": ["<s>", 0]}
        if kind == "RobertaProcessing":
            value |= {"trim_offsets": flag(rng), "add_prefix_space": flag(rng)}
    elif kind == "ByteLevel":
        value |= {"add_prefix_space": flag(rng), "trim_offsets": flag(rng), "use_regex": flag(rng)}
    else:
        special, text = (lambda: {"SpecialToken": {"id": "<s>", "type_id": rng.randint(0, 2)}}), (lambda x: {"Sequence": {"id": x, "type_id": rng.randint(0, 2)}})
        value |= {"single": rng.choice([[text("A")], [special(), text("A")], [text("A"), special()]]), "pair": rng.choice([[text("A"), text("B")], [special(), text("B"), special(), text("A")]]),
                  "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}
    return value


def pieces_of(rng, count):
    """Random parts of the words, none of them twice."""
    pieces = {}
    while len(pieces) < count:
        word = rng.choice(WORDS).replace(" ", "") or "x"
        start = rng.randrange(len(word))
        pieces[word[start:start + rng.randint(1, 4)]] = None
    return list(pieces)


def bpe(rng, characters):
    prefix = rng.choice([None, None, None, "##"])
    suffix = rng.choice([None, None, None, "</w>"])
    vocabulary = dict.fromkeys(["<s>", "</s>", "<unk>"])
    if rng.random() < .5:
        vocabulary |= dict.fromkeys(f"<0x{b:02X}>" for b in range(256) if rng.random() < rng.choice([1, 1, .9]))
    units = rng.sample(characters, rng.randint(20, len(characters)))
    for form in ["{}"] + ([prefix + "{}"] if prefix else []) + (["{}" + suffix] if suffix else []) + ([prefix + "{}" + suffix] if prefix and suffix else []):
        vocabulary |= dict.fromkeys(form.format(unit) for unit in units)
    merges, tokens = [], [token for token in vocabulary if not token.startswith("<")]
    for _ in range(rng.randint(0, 150)):
        left, right = (rng.choice(tokens[:60] + tokens[-60:]) for _ in range(2))
        if prefix and not right.startswith(prefix):
            continue
        joined = left + (right[len(prefix):] if prefix else right)
        if " " in joined or (left, right) in merges:
            continue
        if joined not in vocabulary:
            vocabulary[joined] = None
            tokens.append(joined)
        merges.append((left, right))
    return {"type": "BPE", "dropout": None, "unk_token": rng.choice([None, "<unk>", "<unk>"]), "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix,
            "fuse_unk": flag(rng), "byte_fallback": not prefix and not suffix and flag(rng), "ignore_merges": flag(rng), "vocab": {token: i for i, token in enumerate(vocabulary)}, "merges": merges}


def unigram(rng):
    pieces = ["<s>", "</s>", "<unk>"] + [p for p in pieces_of(rng, rng.randint(20, 120)) if not p.startswith("<")]
    pieces += rng.sample("abcdefghijklmnop▁xyz.", rng.randint(0, 20))
    if rng.random() < .5:
        pieces += [f"<0x{b:02X}>" for b in range(256) if rng.random() < rng.choice([1, 1, .9])]
    return {"type": "Unigram", "unk_id": rng.choice([2, 2, 2, 0, None]), "byte_fallback": flag(rng),
            "vocab": [[piece, rng.choice([-1, -2, -2.5, -3, -8, 0, round(rng.uniform(-12, 0), 4)])] for piece in pieces]}


def model(rng, characters):
    kind = rng.choice(["BPE", "BPE", "Unigram", "WordPiece", "WordLevel"])
    if kind == "BPE":
        return bpe(rng, characters)
    if kind == "Unigram":
        return unigram(rng)
    vocabulary = dict.fromkeys(["<s>", "</s>", "<unk>"] + pieces_of(rng, rng.randint(20, 100)))
    if kind == "WordLevel":
        return {"type": kind, "unk_token": rng.choice(["<unk>", "<unk>", "gone"]), "vocab": {token: i for i, token in enumerate(vocabulary)}}
    prefix = rng.choice(["##", "##", "", "a"])
    vocabulary |= dict.fromkeys(prefix + piece for piece in pieces_of(rng, rng.randint(20, 100)) + rng.sample(characters, 60))
    return {"type": kind, "unk_token": rng.choice(["<unk>", "<unk>", "<unk>", "gone"]), "continuing_subword_prefix": prefix, "max_input_chars_per_word": rng.choice([0, 1, 5, 100]),
            "vocab": {token: i for i, token in enumerate(vocabulary)}}


def odd_text(rng):
    """Long, repeated, or of any characters."""
    kind = rng.randrange(4)
    if kind == 0:
        return "".join(text_of(rng) for _ in range(rng.randint(5, 40)))
    if kind == 1:
        return rng.choice(WORDS) * rng.randint(20, 200)
    if kind == 2:
        return "".join(chr(c) for c in (rng.choice([rng.randrange(0x3000), rng.randrange(0x110000)]) for _ in range(rng.randint(1, 60))) if not 0xD800 <= c < 0xE000)
    marks = "\u0301\u0307\u200d\ufe0f\u0e33\u1160\u11a8\u0345\u0f71\u0f72"
    return "".join(rng.choice("aA é가👍🏽नि\u0e01") + "".join(rng.choice(marks) for _ in range(rng.randint(0, 4))) for _ in range(rng.randint(1, 30)))


def with_model(rng, settings):
    """The same components around any model. Its added tokens have ids of their own."""
    settings["model"] = model(rng, sorted(set("".join(WORDS)) - {" "}))
    vocabulary = settings["model"]["vocab"]
    ids = {piece: i for i, (piece, _) in enumerate(vocabulary)} if isinstance(vocabulary, list) else vocabulary
    next_id = len(vocabulary)
    for token in settings["added_tokens"]:
        token["id"] = ids.get(token["content"], next_id)
        next_id += token["id"] == next_id
    settings["added_tokens"].sort(key=lambda token: token["id"])
    return settings


def window_of(encoding):
    return record_of(encoding) | {"overflow": [record_of(other) for other in encoding.overflowing]}


def loses_added_tokens(tokenizer, settings):
    normalizer = tokenizer.normalizer
    return normalizer is not None and any(token["normalized"] and not normalizer.normalize_str(token["content"]) for token in settings["added_tokens"])


def is_panic(record):
    """Where the library breaks off inside itself any answer is as good."""
    return any(words in record.get("error", "") for words in ("char boundary", "index out of bounds", "AddedVocabulary bad split"))


def further_records_of(tokenizer, rng):
    for _ in range(4):
        text = odd_text(rng)
        yield attempt({"kind": "encode", "text": text}, lambda: record_of(tokenizer.encode(text)))
    text = text_of(rng)
    yield attempt({"kind": "nospecial", "text": text}, lambda: record_of(tokenizer.encode(text, add_special_tokens=False)))
    for _ in range(3):
        text, pair = text_of(rng), rng.choice([None, text_of(rng)])
        cut = {"max_length": rng.randint(3, 14), "stride": rng.randint(0, 2), "strategy": rng.choice(["longest_first", "only_first", "only_second"]), "direction": rng.choice(["right", "left"])}
        if pair is None:
            cut["strategy"] = "longest_first"

        def run():
            tokenizer.enable_truncation(**cut)
            return window_of(tokenizer.encode(text, pair))
        yield attempt({"kind": "trunc", "text": text, "pair": pair} | cut, run)
        tokenizer.no_truncation()
    ids = [rng.randrange(tokenizer.get_vocab_size()) for _ in range(rng.randint(0, 60))]
    yield attempt({"kind": "decode", "ids": ids, "skip": False}, lambda: {"text": tokenizer.decode(ids, skip_special_tokens=False)})


def inserts(value):
    """A normalizer with a pattern that may match nothing."""
    if value and value["type"] == "Sequence":
        return any(map(inserts, value["normalizers"]))
    empty = (r"^", r"$", r"\Z", r"\b", r"a|", r"", r"x*", r"a{2}?", r"a{,2}")
    return bool(value) and value["type"] == "Replace" and next(iter(value["pattern"].values())) in empty


def has_byte_level(value):
    return bool(value) and (value["type"] == "ByteLevel" or any(map(has_byte_level, value.get("pretokenizers", []))))


def settings_of(rng, maps):
    while True:
        settings = any_settings(rng, maps)
        if not (inserts(settings["normalizer"]) and has_byte_level(settings["pre_tokenizer"])):
            return settings


def any_settings(rng, maps):
    characters = sorted(set("".join(WORDS)) | {chr(c) for c in range(0x20, 0x180)} | {"▁"})
    vocabulary = {"<s>": 0, "</s>": 1, "<unk>": 2} | {c: i + 3 for i, c in enumerate(characters)}
    contents = rng.sample(["[X]", "foo", "FOO", "<s>", "ab", "  ", "é", "中", "▁", "a"], rng.randint(0, 4))
    added, next_id = [], len(vocabulary)
    for content in contents:
        identity = vocabulary.get(content, next_id)
        next_id += identity == next_id
        added.append({"id": identity, "content": content, "single_word": flag(rng), "lstrip": flag(rng), "rstrip": flag(rng), "normalized": content.strip() != "" and flag(rng), "special": flag(rng)})
    added.sort(key=lambda token: token["id"])
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer(rng, maps) if rng.random() < .8 else None,
            "pre_tokenizer": pre_tokenizer(rng) if rng.random() < .9 else None, "post_processor": post_processor(rng) if rng.random() < .6 else None,
            "decoder": decoder(rng) if rng.random() < .9 else None,
            "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary, "merges": []}}


def record_of(encoding):
    return {"ids": encoding.ids, "tokens": encoding.tokens, "offsets": encoding.offsets, "word_ids": encoding.word_ids, "special": encoding.special_tokens_mask, "type_ids": encoding.type_ids}


def attempt(record, run):
    try:
        return record | run()
    except BaseException as error:  # panics of the library are no Exception
        return record | {"error": str(error)[:80]}


def records_of(tokenizer, rng):
    for _ in range(5):
        text = text_of(rng)
        yield attempt({"kind": "encode", "text": text}, lambda: record_of(tokenizer.encode(text)))
    text, pair = text_of(rng), text_of(rng)
    yield attempt({"kind": "pair", "text": text, "pair": pair}, lambda: record_of(tokenizer.encode(text, pair)))
    words = [text_of(rng) for _ in range(3)]
    yield attempt({"kind": "words", "words": words}, lambda: record_of(tokenizer.encode(words, is_pretokenized=True)))
    for skip in (True, False):
        ids = [rng.randrange(tokenizer.get_vocab_size()) for _ in range(rng.randint(0, 9))]
        yield attempt({"kind": "decode", "ids": ids, "skip": skip}, lambda: {"text": tokenizer.decode(ids, skip_special_tokens=skip)})


def main():
    models = "--models" in sys.argv
    count, seed, *paths = [argument for argument in sys.argv[1:] if argument != "--models"]
    rng = random.Random(int(seed))
    charsmap = os.path.join(os.path.dirname(__file__), "..", "tests", "goldens", "text", "charsmap.json")
    maps = [json.load(open(path))["precompiled_charsmap"] for path in paths or [charsmap]]
    for _ in range(int(count)):
        settings = settings_of(rng, maps)
        if models:
            settings = with_model(rng, settings)
        try:
            tokenizer = Tokenizer.from_str(json.dumps(settings))
        except Exception as error:
            print(json.dumps({"settings": settings, "error": str(error)[:80]}, separators=(",", ":")))
            continue
        except BaseException:  # a panic of the library while loading
            continue
        if models and loses_added_tokens(tokenizer, settings):
            continue
        records = list(records_of(tokenizer, rng)) + (list(further_records_of(tokenizer, rng)) if models else [])
        if models:
            records = [record for record in records if not is_panic(record)]
        print(json.dumps({"settings": settings, "records": records}, separators=(",", ":")))


if __name__ == "__main__":
    main()
