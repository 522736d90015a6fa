# SPDX-License-Identifier: Apache-2.0
"""Perturbation methods on the command line: budgets, errors, recorded draws, what JSON and text show of them."""
import json
import os
import struct
import tempfile
import unittest

from program import run, run_json

TEXT = "I was so afraid, unbelievably lonely"
COMPLETE = ("shapley", "kernel-shap", "permutation-shap", "partition-shap", "shapley-interactions")


def explain(*arguments):
    return run_json("explain", "--text", TEXT, *arguments)


def save_masks(path, rows):
    header = json.dumps({"masks": {"dtype": "F32", "shape": [len(rows), len(rows[0])],
                                   "data_offsets": [0, 4 * len(rows) * len(rows[0])]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for row in rows:
            file.write(struct.pack(f"<{len(row)}f", *row))


class Methods(unittest.TestCase):
    def test_complete_methods_add_up(self):
        for method in COMPLETE:
            target = explain("--method", method)["targets"][0]
            self.assertAlmostEqual(sum(target["scores"]), target["value"] - target["baseline_value"], places=9)
            self.assertLess(target["completeness_gap"], 1e-9, method)

    def test_kernel_shap_that_enumerates_is_the_shapley_value(self):
        exact, found = explain("--method", "shapley"), explain("--method", "kernel-shap")
        self.assertEqual(found["evaluations"], 2 ** 7)
        self.assertIsNone(found["targets"][0]["standard_errors"])
        for a, b in zip(exact["targets"][0]["scores"], found["targets"][0]["scores"]):
            self.assertAlmostEqual(a, b, places=5)

    def test_evaluations_errors_and_tolerance(self):
        for method in ("kernel-shap", "permutation-shap", "lime", "rise", "sobol"):
            found = explain("--method", method, "--evaluations", "60")
            self.assertLessEqual(found["evaluations"], 60)
            errors = found["targets"][0]["standard_errors"]
            self.assertEqual(len(errors), len(found["units"]), method)
            self.assertTrue(all(error >= 0 for error in errors))
            self.assertNotEqual(explain("--method", method, "--evaluations", "60", "--seed", "1")["targets"],
                                found["targets"])
        loose = explain("--method", "permutation-shap", "--tolerance", "0.5")
        self.assertTrue(loose["converged"])
        strict = explain("--method", "rise", "--tolerance", "0", "--samples", "100")
        self.assertFalse(strict["converged"])
        self.assertIn("errors", strict["warnings"][0])

    def test_interactions(self):
        target = explain("--method", "shapley-interactions")["targets"][0]
        matrix = target["interactions"]
        for i, row in enumerate(matrix):
            self.assertAlmostEqual(sum(row), target["scores"][i], places=9)
            self.assertEqual([other[i] for other in matrix], row)
        sampled = explain("--method", "shapley-interactions", "--evaluations", "100", "--set", "pairs=top:3")
        self.assertIn("interaction_standard_errors", sampled["targets"][0])
        self.assertIn(None, sampled["targets"][0]["interactions"][0])

    def test_counterfactual(self):
        found = explain("--method", "counterfactual", "--set", "mode=remove")
        changed = found["targets"][0]["counterfactual"]
        self.assertTrue(changed["found"])
        self.assertNotEqual(changed["prediction"]["label"], found["prediction"]["label"])
        for edit in changed["edits"]:
            self.assertEqual(edit["from"], found["units"][edit["unit"]]["text"])
            self.assertEqual(edit["to"], "[MASK]")
        shown = run("explain", "--text", TEXT, "--method", "counterfactual", "--format", "text").stdout
        self.assertIn("Becomes " + changed["prediction"]["label"], shown)

    def test_errors_and_details_are_shown(self):
        shown = run("explain", "--text", TEXT, "--method", "lime", "--format", "text").stdout
        self.assertIn("\u00b1", shown)
        self.assertIn("R\u00b2", shown)
        page = run("explain", "--text", TEXT, "--method", "lime", "--format", "html").stdout
        self.assertIn('"errors":', page)

    def test_saved_explanations_are_read_back(self):
        for method in ("shapley-interactions", "counterfactual", "lime", "sobol"):
            line = run("explain", "--text", TEXT, "--method", method, "--format", "jsonl").stdout
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "a.jsonl")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(line)
                again = run("report", path, "--format", "jsonl")
                self.assertEqual(again.returncode, 0, again.stderr)
                self.assertEqual(json.loads(again.stdout), json.loads(line))

    def test_wrong_use(self):
        for arguments, word in (((("--method", "kernel-shap", "--evaluations", "3")), "evaluations"),
                                (("--method", "shapley", "--set", "max-units=3"), "kernel-shap"),
                                (("--method", "rise", "--tolerance", "2"), "tolerance"),
                                (("--method", "sobol", "--set", "sampler=sobol"), "philox"),
                                (("--method", "partition-shap", "--set", "tree=[0,1]"), "unit 2"),
                                (("--method", "lime", "--replacement", "model"), "replacement-model"),
                                (("--method", "lime", "--replacement", "zero", "--collapse"), "collapse"),
                                (("--method", "counterfactual", "--set", "to=nothing"), "nothing"),
                                (("--preset", "interpreto", "--method", "lime"), "--draws"),
                                (("--preset", "interpreto", "--method", "rise"), "sobol")):
            done = run("explain", "--text", TEXT, *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(word, done.stderr)


class Presets(unittest.TestCase):
    def test_draws_are_replayed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "draws.safetensors")
            save_masks(path, [[int(bit) for bit in f"{i * 37 % 128:07b}"] for i in range(60)])
            for method in ("lime", "kernel-shap"):
                found = explain("--preset", "interpreto", "--method", method, "--draws", path)
                self.assertEqual(found["method"]["preset"], "interpreto")
                self.assertEqual(found["method"]["parameters"]["samples"], 60)
                self.assertEqual(found["targets"][0]["output"], "logit")
            save_masks(path, [[1, 0], [0, 1]])
            done = run("explain", "--text", TEXT, "--preset", "interpreto", "--method", "lime", "--draws", path)
            self.assertEqual(done.returncode, 2)
            self.assertIn("units", done.stderr)


if __name__ == "__main__":
    unittest.main()
