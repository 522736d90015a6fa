# SPDX-License-Identifier: Apache-2.0
"""One model in every form that checkpoints have: `pellucid inspect` gives the recorded values for each."""
import json
import pathlib
import tempfile
import unittest

from program import SHARED, read_safetensors, run, run_json


def rows(shape, values):
    return [list(values[i * shape[1]:(i + 1) * shape[1]]) for i in range(shape[0])]


@unittest.skipUnless(SHARED, "the larger set of goldens is not there")
class Formats(unittest.TestCase):
    def setUp(self):
        self.root = SHARED / "golden/models/_formats"
        self.golden = read_safetensors(self.root / "golden.safetensors")

    def inspect(self, folder, last):
        case = {"name": "x", **{field: rows(*self.golden[field]) for field in ("input_ids", "attention_mask", "token_type_ids")}}
        with tempfile.TemporaryDirectory() as work:
            ids, out = pathlib.Path(work, "ids.jsonl"), pathlib.Path(work, "out.safetensors")
            ids.write_text(json.dumps(case))
            done = run("inspect", folder, "--ids", ids, "--save", "hidden-states" if last else "logits", "-o", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            return read_safetensors(out)

    def test_all(self):
        forms = json.loads((self.root / "manifest.json").read_text())["forms"]
        self.assertGreater(len(forms), 20)
        for form in forms:
            with self.subTest(form["folder"]):
                last = form["golden"] == "last_hidden_state"
                found = self.inspect(self.root / form["folder"], last)
                names = sorted((name for name in found if "hidden_states." in name), key=lambda name: int(name.rsplit(".", 1)[1]))
                shape, values = found[names[-1] if last else "x/logits"]
                expected_shape, expected = self.golden[form["golden"]]
                self.assertEqual(shape, expected_shape)
                for a, b in zip(values, expected):
                    self.assertLessEqual(abs(a - b), form["tolerance"])

    def test_what_is_not_used_is_reported(self):
        unused = run_json("info", self.root / "extra-tensors")["unused_tensors"]
        self.assertEqual(len(unused), 2)
        self.assertTrue(any("position_ids" in name for name in unused))
        self.assertEqual(run_json("info", self.root / "bin-f16")["dtype"], "F16")


if __name__ == "__main__":
    unittest.main()
