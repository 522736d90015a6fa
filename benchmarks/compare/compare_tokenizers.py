#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Throughput and loading time beside the `tokenizers` library, one thread each, texts one by one.

usage: benchmarks/compare/compare_tokenizers.py TOKENIZER... [--texts FILE.csv|FILE.jsonl] [--passes N]

TOKENIZER: a folder or a tokenizer.json (gpt2: a folder with vocab.json and merges.txt serves too).
The library is installed into a virtual environment in the build folder. Then the processor time of
one long word, one long line and repeated merges, from 10 kB to 1 MB: 100 times and what new pages of
memory cost on top, not 10,000 times.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
PROGRAM = BUILD / "benchmarks" / "tokenize_speed"
VENV = BUILD / "compare-venv"
VERSION = "tokenizers==0.22.2"
LONG = {"one word": "a", "one line": "all the words of a line, again and again ",
        "repeated merges": "ab", "digits": "1234567890"}


def enter_venv():
    """Runs this script again inside the environment, which is made when it is not there."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", VERSION], check=True)
    environment = dict(os.environ, RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    os.execve(python, [str(python), *sys.argv], environment)


def read_texts(path):
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as file:
            return [" ".join(row[1:]) for row in csv.reader(file)]
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def write_texts(texts, path):
    with open(path, "w", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps({"text": text}) + "\n")


def load_library(place):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    file = place / "tokenizer.json" if place.is_dir() else place
    if file.exists():
        return Tokenizer.from_file(str(file))
    model = models.BPE.from_file(str(place / "vocab.json"), str(place / "merges.txt"))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def measure_library(place, texts, passes):
    start = time.perf_counter()
    tokenizer = load_library(place)
    load = time.perf_counter() - start
    best, tokens = float("inf"), 0
    for _ in range(passes):
        start = time.perf_counter()
        tokens = sum(len(tokenizer.encode(text)) for text in texts)
        best = min(best, time.perf_counter() - start)
    size = sum(len(text.encode()) for text in texts)
    return {"load_ms": 1e3 * load, "tokens": tokens, "mb_per_second": size / best / 1e6}


def measure_own(place, file, passes, threads=1):
    command = [PROGRAM, place, file, str(passes), str(threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def show_growth(place, folder):
    for name, part in LONG.items():
        times = []
        for size in (10_000, 100_000, 1_000_000):
            file = folder / "long.jsonl"
            write_texts([part * (size // len(part))], file)
            times.append(measure_own(place, file, 5)["cpu_ms"])
        print(f"  {name}: " + ", ".join(f"{time:.2f} ms" for time in times)
              + f" for 10 kB, 100 kB, 1 MB: {times[2] / times[0]:.0f} times as long")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tokenizers", nargs="+", type=Path)
    parser.add_argument("--texts", type=Path,
                        default=ROOT / ".." / "shared" / "datasets" / "ag_news" / "test.csv")
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--no-growth", action="store_true", help="leave out the long texts")
    arguments = parser.parse_args()
    enter_venv()
    texts = read_texts(arguments.texts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "texts.jsonl"
        write_texts(texts, file)
        for place in arguments.tokenizers:
            own = measure_own(place, file, arguments.passes)
            two = measure_own(place, file, arguments.passes, 2)
            library = measure_library(place, texts, arguments.passes)
            if own["tokens"] != library["tokens"]:
                print(f"  (tokens differ: {own['tokens']} and {library['tokens']})")
            print(f"{place.name}: {own['mb_per_second']:.2f} MB/s, library "
                  f"{library['mb_per_second']:.2f} MB/s: "
                  f"{own['mb_per_second'] / library['mb_per_second']:.2f} times; "
                  f"2 threads {two['mb_per_second'] / own['mb_per_second']:.2f} times one; "
                  f"loads in {own['load_ms']:.0f} ms, library {library['load_ms']:.0f} ms")
            if not arguments.no_growth:
                show_growth(place, folder)


if __name__ == "__main__":
    main()
