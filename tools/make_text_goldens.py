#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/goldens/text/demo-emotion.jsonl.gz: what the tokenizers library makes of texts with the bundled model's
tokenizer. One JSON object a line: kinds single, pair, nospecial, words, trunc, decode, with ids, tokens, offsets (in
code points), word_ids, special, type_ids and, for trunc, the other windows as overflow.

Needs: pip install tokenizers==0.22.2 numpy
Usage: make_text_goldens.py demo/demo-emotion tests/goldens/text
"""
import gzip
import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer

TEXTS = [
    "", " ", "a", "I love this, but I am afraid.", "i feel so lonely and miserable since she left",
    "Don't! I'M here... it's 3.14 (or $5) -- e-mail@url.com #tag", "ünïcödé Ångström İstanbul ΑΣ ß ẞ",
    "e\u0301\u0327 x\u0316\u0301 \u1100\u1161\u11a8 각", "中文 and 日本語カナ 한국어", "सभी मनुष्य สวัสดีชาวโลก مرحبا بالعالم",
    "😀👍🏽❤️ 👨‍👩‍👧", "tab\tnew\nline\r\n\u000b\u0085\u2028\u3000\u00a0end", "zero\u200bwidth soft\u00adhyphen \ufeffbom \u0000nul\ufffd",
    "[MASK] x [CLS] [mask] [SEP][PAD][UNK] [MASK", "x[MASK]y  [MASK]  z", "ﬁne ½ ² ① Ⅳ ＡＢＣ", "a" * 101 + " " + "b" * 100,
    "private \ue000 \U000f0000 tags \U000e0041 new \u32ff \u2e43 \u166d", "##ing ## #", "“quotes” ‘single’ «guillemets» …—–",
    "the quick brown fox " * 20,
]


def words_of(rng, count):
    pool = ["joy", "fear", "happy", "unhappily", "Lonely", "amazing!", "e\u0301", "中", "don't", "xyzzyq", "\u0301", "...", "10,000"]
    return [rng.choice(pool) for _ in range(count)]


def record(encoding):
    out = {"ids": encoding.ids, "tokens": encoding.tokens, "offsets": [list(o) for o in encoding.offsets],
           "word_ids": encoding.word_ids, "special": encoding.special_tokens_mask, "type_ids": encoding.type_ids}
    return out


def records(tokenizer):
    rng = random.Random(1)
    texts = TEXTS + [" ".join(words_of(rng, rng.randrange(1, 30))) for _ in range(60)]
    for text in texts:
        yield {"kind": "single", "text": text, **record(tokenizer.encode(text))}
        yield {"kind": "nospecial", "text": text, **record(tokenizer.encode(text, add_special_tokens=False))}
    for _ in range(40):
        text, pair = rng.choice(texts), rng.choice(texts)
        yield {"kind": "pair", "text": text, "pair": pair, **record(tokenizer.encode(text, pair))}
        words = words_of(rng, 6)
        yield {"kind": "words", "words": words, "pair_words": None,
               **record(tokenizer.encode(words, is_pretokenized=True))}
    for text in texts:
        ids = tokenizer.encode(text).ids[:40]
        for skip in (True, False):
            yield {"kind": "decode", "ids": ids, "skip": skip, "text": tokenizer.decode(ids, skip_special_tokens=skip)}
    yield from truncations(tokenizer, rng, texts)


def truncations(tokenizer, rng, texts):
    for _ in range(80):
        case = {"kind": "trunc", "text": rng.choice(texts), "pair": rng.choice([None, rng.choice(texts)]),
                "max_length": rng.choice([2, 3, 5, 8, 16]), "stride": rng.choice([0, 0, 1, 2]),
                "strategy": rng.choice(["longest_first", "only_first", "only_second"]),
                "direction": rng.choice(["right", "left"])}
        try:
            tokenizer.enable_truncation(case["max_length"], stride=case["stride"], strategy=case["strategy"],
                                        direction=case["direction"])
            encoding = tokenizer.encode(case["text"], case["pair"])
            case.update(record(encoding), overflow=[record(window) for window in encoding.overflowing])
        except BaseException as error:  # the library's panics are no Exceptions
            case["error"] = str(error)[:100]
        yield case
    tokenizer.no_truncation()


def main():
    model, folder = Path(sys.argv[1]), Path(sys.argv[2])
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    # What the file stores of these is not applied by pellucid either.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model.name}.jsonl.gz"
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as file:
        for item in records(tokenizer):
            file.write((json.dumps(item, separators=(",", ":")) + "\n").encode())


main()
