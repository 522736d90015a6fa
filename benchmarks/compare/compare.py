#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same work in PyTorch, captum, transformers-interpret, interpreto and here, and the ratios.

    benchmarks/compare/compare.py [--rounds N] [--output FILE.md] [GROUP ...]

The first run makes a virtual environment in build/peers with what requirements.txt lists. Both sides run the random
model of pellucid_bench --write-model, each case in a process of its own, ours and theirs in turn; of several rounds
the least time counts. "Their best" is the best of some batch sizes. Memory is the peak of the whole process. The
machine should have nothing else to do.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("PELLUCID_BUILD", ROOT / "build/release"))
BENCH = BUILD / "benchmarks/pellucid_bench"
PROGRAM = BUILD / "pellucid"
MIB = 1 << 20
SENTENCE = "I can't stop smiling, what a wonderful day"

# group -> (our benchmark group, rows: (title, our name, our factor, peer case, bf16 too))
# The factor scales our time to the amount of work that the peer does.
GROUPS = {
    "ig": ("ig", [
        ("IG, 50 steps, 20 tokens", "IG, 50 steps, 20 tokens", 1, "transformers-interpret, 20 tokens", False),
        ("IG, 50 steps, 20 tokens", "IG, 50 steps, 20 tokens", 1, "captum IG, 20 tokens", True),
        ("IG, 50 steps, 128 tokens", "IG, 50 steps, 128 tokens", 1, "transformers-interpret, 128 tokens", False),
        ("IG, 50 steps, 128 tokens", "IG, 50 steps, 128 tokens", 1, "captum IG, 128 tokens", True)]),
    "long": ("ig", [
        ("IG, 50 steps, 512 tokens", "IG, 50 steps, 512 tokens", 1, "transformers-interpret, 512 tokens", False),
        ("IG, 50 steps, 512 tokens", "IG, 50 steps, 512 tokens", 1, "captum IG, 512 tokens", False)]),
    "forward": ("forward", [
        ("forward, 32 x 128 tokens", "forward, 32 x 128 tokens", 1, "forward, 32 x 128 tokens", True)]),
    "occlusion": ("occlusion", [
        ("occlusion, 126 words", "occlusion, 126 words, 128 tokens", 1, "captum occlusion, 126 words", False),
        ("occlusion, 126 words", "occlusion, 126 words, 128 tokens", 1, "interpreto occlusion, 126 words", False)]),
    "texts": ("texts", [
        ("saliency, short texts", "saliency, 300 texts of about 20 tokens", 1 / 3,
         "captum saliency, 100 short texts one by one", False),
        ("IG, 8 steps, short texts", "IG, 8 steps, 300 texts of about 20 tokens", 1 / 10,
         "captum IG of 8 steps, 30 short texts one by one", False)]),
}


def python():
    """The interpreter of the virtual environment, which is made when it is not there."""
    environment = pathlib.Path(os.environ.get("PELLUCID_PEERS", ROOT / "build/peers"))
    interpreter = environment / "bin/python"
    if not interpreter.exists():
        print(f"making {environment}", file=sys.stderr)
        venv.create(environment, with_pip=True)
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
    return interpreter


def run(*command):
    """Output, seconds and peak resident bytes of a process."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}: {error.decode()[-800:]}")
        output.seek(0)
        return output.read().decode(), seconds, 1024 * usage.ru_maxrss


def peer(case, folder, *flags):
    return json.loads(run(python(), HERE / "peer.py", case, folder, *flags)[0])


def ours(group, precision):
    document = json.loads(run(BENCH, "--json", "--precision", precision, group)[0])
    return {result["name"]: result["seconds"] for result in document["results"]}


def compare_group(name, folder, rounds):
    """Rows: work, peer, their default, their best (batch), ours, ratios, memory and gap of theirs."""
    our_group, cases = GROUPS[name]
    rows = []
    for precision in ("f32", "bf16"):
        chosen = [case for case in cases if precision == "f32" or case[4]]
        if not chosen:
            continue
        mine, theirs = [], {case[3]: [] for case in chosen}
        for _ in range(rounds):
            for _, _, _, case, _ in chosen:
                theirs[case].append(peer(case, folder, *(["--bf16"] if precision == "bf16" else [])))
            try:
                mine.append(ours(our_group, precision))
            except SystemExit as problem:
                if precision == "f32":
                    raise
                print(f"bf16: {problem}", file=sys.stderr)
                return rows
        best = {name: min(times[name] for times in mine) for name in mine[0]}
        for title, our_name, factor, case, _ in chosen:
            other = min(theirs[case], key=lambda result: result["best"])
            seconds = best[our_name] * factor
            rows.append((title, precision, case.split(",")[0], other["default"], other["best"], other["best_batch"],
                         seconds, other["memory"], other["gap"]))
    return rows


def print_rows(rows, out):
    print("| work | precision | peer | default | best (batch) | here | ratio to default | to best | its memory | its gap |",
          file=out)
    print("|---|---|---|---|---|---|---|---|---|---|", file=out)
    for title, precision, who, default, best, batch, seconds, memory, gap in rows:
        shown = "-" if gap is None else f"{gap:.1e}"
        print(f"| {title} | {precision} | {who} | {default:.2f} s | {best:.2f} s ({batch or 'all'}) | {seconds:.2f} s | "
              f"{default / seconds:.1f}x | {best / seconds:.1f}x | {memory / MIB:.0f} MiB | {shown} |", file=out)


COLD = """
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers_interpret import SequenceClassificationExplainer
folder = {folder!r}
model = AutoModelForSequenceClassification.from_pretrained(folder).float()
print(SequenceClassificationExplainer(model, AutoTokenizer.from_pretrained(folder))({text!r}))
"""


def cold(out):
    """Whole processes, one sentence with the bundled model."""
    folder = str(ROOT / "demo/demo-emotion")
    theirs = [run(python(), "-c", COLD.format(folder=folder, text=SENTENCE))[1:] for _ in range(3)]
    mine = [run(PROGRAM, "explain", "--text", SENTENCE)[1:] for _ in range(20)]
    their_seconds, our_seconds = min(s for s, _ in theirs), min(s for s, _ in mine)
    print(f"\nCold process, bundled model, one sentence: transformers-interpret {their_seconds:.2f} s, "
          f"{max(m for _, m in theirs) / MIB:.0f} MiB; here {1e3 * our_seconds:.0f} ms, "
          f"{max(m for _, m in mine) / MIB:.0f} MiB; {their_seconds / our_seconds:.0f}x", file=out)


def memory(folder, out):
    """IG of 512 tokens, whole process."""
    text = " ".join(f"w{5 + (i * 7919) % 30517}" for i in range(510))
    output, seconds, bytes_ = run(PROGRAM, "explain", "--model", folder, "--text", text, "--method",
                                  "integrated-gradients", "--steps", 50, "--format", "json", "--quiet")
    target = json.loads(output)["targets"][0]
    print(f"\nIG, 50 steps, 512 tokens, whole process here: {seconds:.1f} s, {bytes_ / MIB:.0f} MiB, completeness gap "
          f"{abs(target['completeness_gap']):.1e}", file=out)


TRAINED = """
import json, sys, time
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers_interpret import SequenceClassificationExplainer
texts = open({texts!r}).read().splitlines()
found = []
for folder in sys.argv[1:]:
    model = AutoModelForSequenceClassification.from_pretrained(folder).float()
    explainer = SequenceClassificationExplainer(model, AutoTokenizer.from_pretrained(folder))
    explainer(texts[0])
    total = 0
    for text in texts:
        runs = []
        for _ in range(3):
            start = time.perf_counter()
            explainer(text)
            runs.append(time.perf_counter() - start)
        total += min(runs)
    found.append(total / len(texts))
print(json.dumps(found))
"""


def trained(models, out):
    """Steps chosen by the method against 50 steps there, trained models, mean over the texts."""
    theirs = json.loads(run(python(), "-c", TRAINED.format(texts=str(HERE / "texts.txt")),
                            ROOT / "demo/demo-emotion", *models)[0].splitlines()[-1])
    flags = [word for model in models for word in ("--model", model)]
    results = json.loads(run(BENCH, "--json", *flags, "trained")[0])["results"]
    print("\n| trained model | transformers-interpret, 50 steps | here, steps auto | ratio | forwards | distance to 1,000 points |",
          file=out)
    print("|---|---|---|---|---|---|", file=out)
    for other, result in zip(theirs, results, strict=True):
        name = result["name"].rsplit(", ", 1)[1]
        print(f"| {name} | {1e3 * other:.0f} ms | {1e3 * result['seconds']:.0f} ms | {other / result['seconds']:.1f}x | "
              f"{result['forwards']:.0f} | {result['distance to 1000 points %']:.2f} % |", file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", help=f"{', '.join(GROUPS)}, cold, memory, trained (all without)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", action="append", default=[], help="a trained classifier for the group trained")
    parser.add_argument("--output", default="-")
    options = parser.parse_args()
    known = [*GROUPS, "cold", "memory", "trained"]
    groups = options.groups or known
    if unknown := set(groups) - set(known):
        parser.error(f"unknown groups {', '.join(sorted(unknown))} (known: {', '.join(known)})")
    out = sys.stdout if options.output == "-" else open(options.output, "w", encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="pellucid-compare-") as folder:
        run(BENCH, "--write-model", folder)
        rows = [row for name in groups if name in GROUPS for row in compare_group(name, folder, options.rounds)]
        if rows:
            print_rows(rows, out)
        if "cold" in groups:
            cold(out)
        if "memory" in groups:
            memory(folder, out)
        if "trained" in groups:
            trained(options.model, out)


if __name__ == "__main__":
    main()
