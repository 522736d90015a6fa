#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws how cost grows with length, targets and threads.

    build/release/benchmarks/pellucid_bench --json length target-count threads > growth.json
    benchmarks/compare/plot.py growth.json docs/images/growth.svg

Dots: measured. Lines: the arithmetic that is needed, at the rate of the cheapest point.
"""
import json
import re
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt


def points(results, pattern):
    """(x, seconds, flops) of the results whose names match; x is the pattern's number."""
    found = []
    for result in results:
        if match := re.fullmatch(pattern, result["name"]):
            found.append((int(match[1]), result["seconds"], result["flops"]))
    return sorted(found)


def draw(axes, data, title, what):
    x, seconds, flops = zip(*data)
    rate = max(f / s for s, f in zip(seconds, flops))
    axes.plot(x, [f / rate for f in flops], color="#9aa0a6", linewidth=1.2, label="needed arithmetic, best rate")
    axes.plot(x, seconds, "o", color="#1f5fa8", markersize=5, label="measured")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(what)
    axes.set_ylabel("seconds")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    results = json.load(open(sys.argv[1], encoding="utf-8"))["results"]
    plt.rcParams.update({"svg.hashsalt": "pellucid", "font.size": 9})
    figure, (length, targets, threads) = plt.subplots(1, 3, figsize=(11, 3.2))
    draw(length, points(results, r"saliency, (\d+) tokens"), "saliency, one text", "tokens")
    length.set_xscale("log", base=2)
    length.set_yscale("log")
    draw(targets, points(results, r"IG, 4 steps, (\d+) targets, 128 tokens"), "integrated gradients, 4 steps, 128 tokens",
         "targets")
    found = points(results, r"IG, 16 steps, 128 tokens, (\d+) threads")
    threads.bar([str(n) for n, _, _ in found], [s for _, s, _ in found], color="#1f5fa8", width=0.5)
    threads.set_title("integrated gradients, 16 steps, 128 tokens", fontsize=10)
    threads.set_xlabel("threads")
    threads.set_ylabel("seconds")
    figure.tight_layout()
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
