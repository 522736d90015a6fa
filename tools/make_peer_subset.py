#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/goldens/peers: what other libraries and exact computation say about the bundled model.

usage: make_peer_subset.py PEERS_DIR OUT_DIR

PEERS_DIR holds the recorded answers, NAME.json.gz with {"versions": ..., "cases": [...]}. Kept are cases of
demo-emotion that can be compared with `explain`, without the large fields (values per hidden dimension, HTML, tables
of games that no test reads); numbers get nine digits, enough to read back the same float32.
"""
import gzip
import json
import os
import sys

MODEL = "demo-emotion"
LEFT_OUT = {"raw", "html", "logits_by_mask", "model_logits", "all_masked", "coalitions", "evaluated", "ig", "ig_tokens",
            "ig_value", "ig_baseline_value", "ig_gap", "only_one", "owen_pairs"}
# File: the cases that are kept.
KEPT = {
    "captum": lambda case: True,
    "interpreto": lambda case: case.get("method") in ("Occlusion", "Lime", "KernelShap", "Sobol"),
    "oracles": lambda case: True,
    "oracles_words": lambda case: len(case["words"]) in (3, 5, 7),
    "shap_more": lambda case: case["method"] == "Partition",
    "transformers_interpret": lambda case: case["explainer"] == "sequence",
    "transformers_interpret_right": lambda case: "cleaned" in case,
}


def digits(masks):
    """Rows of 0 and 1 as strings; the recorded ones stand in a list of their own."""
    return None if masks is None else ["".join("%d" % bit for bit in row) for row in masks[0]]


def trimmed(value):
    if isinstance(value, dict):
        return {key: digits(inner) if key == "masks" else trimmed(inner)
                for key, inner in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [trimmed(inner) for inner in value]
    if isinstance(value, float):
        return float("%.9g" % value)
    return value


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = sys.argv[1:]
    os.makedirs(target, exist_ok=True)
    for name, keep in KEPT.items():
        with gzip.open(os.path.join(source, name + ".json.gz"), "rt", encoding="utf-8") as file:
            recorded = json.load(file)
        cases = [trimmed(case) for case in recorded["cases"] if case["model"] == MODEL and keep(case)]
        with open(os.path.join(target, name + ".json"), "w", encoding="utf-8") as file:
            json.dump({"versions": recorded["versions"], "cases": cases}, file, ensure_ascii=False,
                      separators=(",", ":"))
            file.write("\n")


if __name__ == "__main__":
    main()
