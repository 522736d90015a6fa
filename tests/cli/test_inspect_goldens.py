# SPDX-License-Identifier: Apache-2.0
"""`pellucid inspect` against recorded values of the reference library: BERT and decoders, every input."""
import json
import pathlib
import tempfile
import unittest

from program import SHARED, SOURCE, read_safetensors, run

NOISE_FACTOR = 8
EPSILON = 4e-6  # of the largest value


def folders():
    root = SOURCE / "tests/goldens/models"
    found = sorted(root.glob("bert-*")) + sorted(root.glob("dec-*"))
    if not SHARED:
        return found
    recorded = SHARED / "golden/models"
    cases = json.loads((recorded / "manifest.json").read_text())["cases"]
    return found + [recorded / case["case"] for case in cases
                    if case["kind"] == "decoder" or case["model_type"] == "bert"]


def rows(values, width):
    return [list(values[i:i + width]) for i in range(0, len(values), width)]


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
            for field in ("input_ids", "attention_mask", "token_type_ids", "position_ids"):
                if f"{name}/{field}" in golden:
                    shape, values = golden[f"{name}/{field}"]
                    case[field] = rows(values, shape[1])
            cases.append(case)
        with tempfile.TemporaryDirectory() as work:
            ids = pathlib.Path(work) / "cases.jsonl"
            ids.write_text("\n".join(json.dumps(case) for case in cases))
            out = pathlib.Path(work) / "out.safetensors"
            done = run("inspect", folder, "--ids", ids, "--save", "logits,hidden-states,attentions", "-o", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = read_safetensors(out)
        for name, fact in facts.items():
            shape, mask = golden[f"{name}/attention_mask"]
            for tensor, limits in fact["tensors"].items():
                self.compare_tensor(f"{name}/{tensor}", golden, found, limits, shape, mask)

    def test_generated(self):
        if not SHARED:
            self.skipTest("no recorded tokens")
        recorded = [path for path in sorted((SHARED / "golden/models").glob("*/greedy.json"))
                    if json.loads(path.read_text())["decoder_start"] is None]
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
        self.assertEqual(found[name][0], shape, name)
        tolerance = NOISE_FACTOR * limits["noise"] + EPSILON * limits["scale"] + 1e-8
        values = found[name][1]
        if "attentions" in name:
            batch, heads, length, _ = shape
            hidden = [mask[b * length + q] == 0 for b in range(batch) for _ in range(heads) for q in range(length)]
        elif len(shape) >= 2 and shape[:2] == mask_shape:
            hidden = [m == 0 for m in mask]
        else:
            hidden = [False] * shape[0]
        width = len(values) // len(hidden)
        for row, is_hidden in enumerate(hidden):
            for i in range(row * width, (row + 1) * width):
                if is_hidden:
                    self.assertEqual(values[i], 0, name)
                else:
                    self.assertLessEqual(abs(values[i] - expected[i]), tolerance, f"{name} at {i}")


if __name__ == "__main__":
    unittest.main()
