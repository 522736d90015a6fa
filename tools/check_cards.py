#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes the test scores on the cards of the small trained models with the program, and prints both.

    tools/check_cards.py --pellucid build/release/pellucid --models DIR --datasets DIR [MODEL ...]

DIR of models holds demo-emotion, minilm-sst2, ...; DIR of data sets holds emotion, sst2, snli, goemotions,
wikiann-en, xquad. Standard library only. Exit code 1 when a score differs by more than one text can explain.
"""
import argparse
import collections
import json
import re
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARGUMENTS = None


def read_lines(name):
    return (ARGUMENTS.datasets / name).read_text(encoding="utf-8").rstrip("\n").split("\n")


def run(verb, model, items, *flags):
    """The program's answer to each item, in order."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(item) + "\n")
        file.flush()
        command = [ARGUMENTS.pellucid, verb, str(ARGUMENTS.models / model), "--input", file.name,
                   "--format", "jsonl", "--quiet", *flags]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()[-500:]}")
    answers = [json.loads(line) for line in done.stdout.decode("utf-8").split("\n") if line]
    assert len(answers) == len(items), f"{len(answers)} answers to {len(items)} items"
    return answers


def predict(model, items, max_length):
    flags = ["--max-length", str(max_length), "--long", "truncate"]
    return [answer["prediction"] for answer in run("predict", model, items, *flags)]


def ratio(hits, made, real):
    """F1 from counts."""
    return 2 * hits / (made + real) if made + real else 0.0


def accuracy(predicted, gold):
    return sum(p == g for p, g in zip(predicted, gold)) / len(gold)


def macro_f1(predicted, gold):
    return sum(ratio(sum(p == g == label for p, g in zip(predicted, gold)),
                     predicted.count(label), gold.count(label))
               for label in sorted(set(gold))) / len(set(gold))


def emotion():
    found = {}
    for split, name in (("test", "test"), ("val", "validation")):
        rows = [line.rsplit(";", 1) for line in read_lines(f"emotion/{split}.txt")[1:]]
        gold = [label for _, label in rows]
        predicted = [p["label"] for p in predict("demo-emotion", [{"text": t} for t, _ in rows], 128)]
        found[f"{name} accuracy"] = accuracy(predicted, gold)
        if name == "test":
            found["test macro F1"] = macro_f1(predicted, gold)
    return found


def sst2():
    found = {}
    for split in ("test", "dev"):
        rows = [line.rsplit("\t", 1) for line in read_lines(f"sst2/{split}.tsv")]
        predicted = [p["index"] for p in predict("minilm-sst2", [{"text": t} for t, _ in rows], 128)]
        found[f"{split} accuracy"] = accuracy(predicted, [int(label) for _, label in rows])
    return found


def joined(text):
    """Punctuation and clitics set apart by spaces go back to the word before."""
    text = text.strip()
    for mark in (".", ",", "'s", "n't", "!", "?"):
        text = text.replace(" " + mark, mark)
    return text


def nli():
    first, second, labels = (read_lines(f"snli/{name}.test") for name in ("s1", "s2", "labels"))
    first, second = [joined(t) for t in first], [joined(t) for t in second]
    # The last pairs of the test file, from the first new premise at or after pair 7,824.
    begin = next(i for i in range(7824, len(first)) if first[i] != first[i - 1])
    gold = labels[begin:]
    pairs = [{"text": a, "pair": b} for a, b in zip(first[begin:], second[begin:])]
    predicted = [p["label"] for p in predict("minilm-nli", pairs, 128)]
    alone = [p["label"] for p in predict("minilm-nli", [dict(p, text="") for p in pairs], 128)]
    return {"pairs": len(pairs), "accuracy": accuracy(predicted, gold), "macro F1": macro_f1(predicted, gold),
            "empty premise": accuracy(alone, gold)}


def goemotions():
    rows = [line.split("\t") for line in read_lines("goemotions/test.tsv")]
    gold = [{int(i) for i in row[1].split(",")} for row in rows]
    answers = [p["probabilities"] for p in predict("minilm-goemotions", [{"text": r[0]} for r in rows], 96)]
    found = {}
    for threshold in (0.5, 0.3):
        made = [{i for i, p in enumerate(row) if p > threshold} for row in answers]
        counts = [(sum(c in m and c in g for m, g in zip(made, gold)), sum(c in m for m in made),
                   sum(c in g for g in gold)) for c in range(28)]
        found[f"micro F1 at {threshold}"] = ratio(*(sum(column) for column in zip(*counts)))
        found[f"macro F1 at {threshold}"] = sum(ratio(*c) for c in counts) / len(counts)
        found[f"exact set at {threshold}"] = accuracy(made, gold)
    found["top label right"] = sum(row.index(max(row)) in g for row, g in zip(answers, gold)) / len(gold)
    return found


def sentences():
    """(words, labels) of the test file: one word a line with a language prefix, a blank line between sentences."""
    words, labels = [], []
    for line in read_lines("wikiann-en/test") + [""]:
        if line.strip():
            word, _, label = line.rpartition("\t")
            words.append(word.removeprefix("en:"))
            labels.append(label.strip())
        elif words:
            yield words, labels
            words, labels = [], []


def entities(labels):
    """{(type, first word, end)}: a B- opens an entity, and so does an I- that continues nothing."""
    found, kind, start = set(), None, 0
    for i, label in enumerate(labels + ["O"]):
        if kind and (label == "O" or label[0] == "B" or label[2:] != kind):
            found.add((kind, start, i))
            kind = None
        if label != "O" and kind is None:
            kind, start = label[2:], i
    return found


def ner():
    rows = list(sentences())
    answers = predict("minilm-ner", [{"text": " ".join(words)} for words, _ in rows], 128)
    hits = made = real = right = seen = 0
    for (words, labels), answer in zip(rows, answers):
        # A word's label is that of its first piece; words beyond the cut have none and do not count.
        first = {}
        starts, at = [], 0
        for word in words:
            starts.append(at)
            at += len(word) + 1
        pieces = [t for t in answer["tokens"] if t["start"] is not None and t["end"] > t["start"]]
        word = 0
        for piece in pieces:
            while word + 1 < len(words) and piece["start"] >= starts[word + 1]:
                word += 1
            first.setdefault(word, piece["label"])
        predicted, gold = [first[i] for i in sorted(first)], [labels[i] for i in sorted(first)]
        right += sum(p == g for p, g in zip(predicted, gold))
        seen += len(gold)
        predicted, gold = entities(predicted), entities(gold)
        hits, made, real = hits + len(predicted & gold), made + len(predicted), real + len(gold)
    return {"entity F1": ratio(hits, made, real), "precision": hits / made, "recall": hits / real,
            "word accuracy": right / seen}


def plain(answer):
    """Words of an answer without case, punctuation and articles."""
    answer = "".join(c for c in answer.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", answer).split()


def qa():
    data = json.loads((ARGUMENTS.datasets / "xquad/xquad.en.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]][190:]
    asked = [(p["context"], q["question"], q["answers"][0]) for p in paragraphs for q in p["qas"]]
    pairs = [{"text": question, "pair": context} for context, question, _ in asked]
    encodings = run("tokenize", "minilm-qa", pairs, "--max-length", "320", "--truncation", "only_second")
    answers = predict("minilm-qa", [{"question": i["text"], "context": i["pair"]} for i in pairs], 320)
    exact = f1 = 0.0
    for (_, _, gold), encoding, answer in zip(asked, encodings, answers):
        kept = max(end for (_, end), kind in zip(encoding["offsets"], encoding["type_ids"]) if kind == 1)
        if kept < gold["answer_start"] + len(gold["text"]):
            continue                                    # cut off: counts as wrong
        found, right = plain(answer["answer"]), plain(gold["text"])
        exact += found == right
        f1 += ratio(sum((collections.Counter(found) & collections.Counter(right)).values()), len(found), len(right))
    return {"questions": len(asked), "exact match": exact / len(asked), "word F1": f1 / len(asked)}


# What the cards say, and by how much a score may differ: answers here are whole words, which the cards' need not be.
CARDS = {
    "demo-emotion": (emotion, {"test accuracy": 0.9125, "test macro F1": 0.8664, "validation accuracy": 0.9235}, 0.0006),
    "minilm-sst2": (sst2, {"test accuracy": 0.8715, "dev accuracy": 0.8761}, 0.0006),
    "minilm-nli": (nli, {"pairs": 1999, "accuracy": 0.7854, "macro F1": 0.7852, "empty premise": 0.5358}, 0.0006),
    "minilm-goemotions": (goemotions, {
        "micro F1 at 0.5": 0.4885, "macro F1 at 0.5": 0.2294, "exact set at 0.5": 0.3595, "micro F1 at 0.3": 0.5578,
        "macro F1 at 0.3": 0.3105, "exact set at 0.3": 0.4126, "top label right": 0.5911}, 0.0006),
    "minilm-ner": (ner, {"entity F1": 0.7090, "precision": 0.6854, "recall": 0.7344, "word accuracy": 0.8965}, 0.0006),
    "minilm-qa": (qa, {"questions": 220, "exact match": 0.1591, "word F1": 0.3069}, 0.006),
}


def main():
    global ARGUMENTS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pellucid", default="build/release/pellucid")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("names", nargs="*", metavar="MODEL", help="of " + ", ".join(CARDS))
    ARGUMENTS = parser.parse_args()
    unknown = [name for name in ARGUMENTS.names if name not in CARDS]
    if unknown:
        parser.error(f"no such model: {unknown[0]}, expected one of {', '.join(CARDS)}")
    if not Path(ARGUMENTS.pellucid).is_file():
        parser.error(f"no program {ARGUMENTS.pellucid}: build it first, or name it with --pellucid")
    wrong = 0
    print(f"{'model':18} {'score':20} {'found':>8} {'card':>8}")
    for name in ARGUMENTS.names or CARDS:
        score, card, tolerance = CARDS[name]
        began = time.time()
        found = score()
        for what, expected in card.items():
            differs = abs(found[what] - expected) > tolerance
            wrong += differs
            print(f"{name:18} {what:20} {found[what]:8.4f} {expected:8.4f}{'  differs' if differs else ''}")
        print(f"{name:18} {time.time() - began:.1f} s", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
