# SPDX-License-Identifier: Apache-2.0
"""`pellucid inspect` against recorded values of the reference library: every case, every input."""
import json
import operator
import pathlib
import tempfile
import unittest

from program import SHARED, SOURCE, read_safetensors, run

NOISE_FACTOR = 8
EPSILON = 4e-6  # of the largest value


FIELDS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "decoder_input_ids")


def folders():
    roots = [SOURCE / "tests/goldens" / part for part in ("models", "encoders", "seq2seq")]
    if SHARED:
        roots.append(SHARED / "golden/models")
    found = {}
    for root in roots:
        for golden in sorted(root.glob("*/golden.safetensors")):
            if (golden.parent / "config.json").exists():
                found.setdefault(golden.parent.name, golden.parent)
    return list(found.values())


def rows(values, width):
    return [list(values[i:i + width]) for i in range(0, len(values), width)]


def hidden_rows(tensor, shape, mask_shape, mask, decoder_ids_given):
    """For each row of a tensor: does the mask hide it? A decoder has no mask."""
    of_decoder = tensor.startswith(("decoder_", "cross_")) or tensor.endswith(".decoder")
    if of_decoder or (tensor == "logits" and decoder_ids_given):
        return [False] * shape[0]
    if "attentions" in tensor:
        batch, heads, length, _ = shape
        return [mask[b * length + q] == 0 for b in range(batch) for _ in range(heads) for q in range(length)]
    if len(shape) >= 2 and shape[:2] == mask_shape:
        return [m == 0 for m in mask]
    return [False] * shape[0]


class Goldens(unittest.TestCase):
    def test_all(self):
        self.assertTrue(folders())
        for folder in folders():
            with self.subTest(folder.name):
                self.compare(folder)

    def compare(self, folder):
        golden = read_safetensors(folder / "golden.safetensors")
        facts = json.loads((folder / "golden.json").read_text())["inputs"]
        cases = []
        for name, fact in facts.items():
            case = {"name": name, "gradients": fact["targets"]}
            for field in FIELDS:
                if f"{name}/{field}" in golden:
                    shape, values = golden[f"{name}/{field}"]
                    case[field] = rows(values, shape[1])
            cases.append(case)
        with tempfile.TemporaryDirectory() as work:
            ids = pathlib.Path(work) / "cases.jsonl"
            ids.write_text("\n".join(json.dumps(case) for case in cases))
            out = pathlib.Path(work) / "out.safetensors"
            heads = {tensor for fact in facts.values() for tensor in fact["tensors"] if tensor.endswith("logits")}
            save = "hidden-states,attentions" + (",logits" if heads else "")
            done = run("inspect", folder, "--ids", ids, "--save", save, "-o", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = read_safetensors(out)
        for name, fact in facts.items():
            shape, mask = golden[f"{name}/attention_mask"]
            for tensor, limits in fact["tensors"].items():
                self.compare_tensor(f"{name}/{tensor}", golden, found, limits, shape, mask)

    def test_generated(self):
        if not SHARED:
            self.skipTest("no recorded tokens")
        recorded = sorted((SHARED / "golden/models").glob("*/greedy.json"))
        self.assertTrue(recorded)
        for path in recorded:
            greedy = json.loads(path.read_text())
            with self.subTest(path.parent.name), tempfile.TemporaryDirectory() as work:
                ids = pathlib.Path(work) / "cases.jsonl"
                ids.write_text(json.dumps({"name": "a", "input_ids": greedy["prompt_ids"]}))
                out = pathlib.Path(work) / "out.safetensors"
                done = run("inspect", path.parent, "--ids", ids, "--generate", str(len(greedy["tokens"])), "-o", out)
                self.assertEqual(done.returncode, 0, done.stderr)
                found = read_safetensors(out)
                self.assertEqual([int(value) for value in found["a/generated"][1]], greedy["tokens"])
                for value, expected in zip(found["a/log_probabilities"][1], greedy["log_probs"]):
                    self.assertAlmostEqual(value, expected, delta=1e-4)

    def compare_tensor(self, name, golden, found, limits, mask_shape, mask):
        shape, expected = golden[name]
        self.assertIn(name, found)
        if shape != found[name][0] and "/grad" in name:  # XLNet's words: columns of the batch first
            length, batch, width = shape
            expected = [expected[(i * batch + b) * width + w]
                        for b in range(batch) for i in range(length) for w in range(width)]
            shape = [batch, length, width]
        self.assertEqual(found[name][0], shape, name)
        tolerance = NOISE_FACTOR * limits["noise"] + EPSILON * limits["scale"] + 1e-8
        values = found[name][1]
        case, tensor = name.split("/")
        hidden = hidden_rows(tensor, shape, mask_shape, mask, f"{case}/decoder_input_ids" in golden)
        width = len(values) // len(hidden)
        for row, is_hidden in enumerate(hidden):
            part = values[row * width:(row + 1) * width]
            if is_hidden:
                self.assertFalse(any(part), name)
            else:
                worst = max(map(abs, map(operator.sub, part, expected[row * width:(row + 1) * width])))
                self.assertLessEqual(worst, tolerance, f"{name}, row {row}")


if __name__ == "__main__":
    unittest.main()
