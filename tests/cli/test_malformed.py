# SPDX-License-Identifier: Apache-2.0
"""Broken and hostile model folders: a clear error within a second, never a crash."""
import json
import pathlib
import shutil
import tempfile
import time
import unittest

from program import DEMO, SHARED, SOURCE, run

FILES = ("st-", "cfg-", "idx-")  # one file is broken
TORCH = ("pkl-", "zip-", "legacy-", "bin-")  # pytorch_model.bin is
MODELS = ("tensor-", "head-", "no-")  # every file is well-formed, or missing


def collections():
    """Folders of cases, and the cases there that the program decides."""
    yield SOURCE / "tests/goldens/malformed", FILES
    yield SOURCE / "tests/goldens/malformed_models", MODELS
    if SHARED:
        yield SHARED / "golden/models/_malformed", FILES + MODELS + TORCH


class Malformed(unittest.TestCase):
    def test_every_case(self):
        for root, prefixes in collections():
            for case in json.loads((root / "manifest.json").read_text())["cases"]:
                folder = root / case["folder"]
                if case["folder"].startswith(prefixes) and folder.exists():
                    with self.subTest(str(folder)), tempfile.TemporaryDirectory() as whole:
                        shutil.copytree(folder, whole, dirs_exist_ok=True)
                        for name in case.get("from_good", []):  # files that are as in the unbroken folder
                            shutil.copy(root / "_good" / name, whole)
                        self.check(whole, case)

    def check(self, folder, case):
        start = time.monotonic()
        done = run("info", folder, cwd=folder)
        self.assertLess(time.monotonic() - start, 3)
        self.assertFalse(pathlib.Path(folder, "PWNED").exists())
        outcome = case.get("outcome", "error")
        if outcome == "error":
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertEqual(done.stdout, "")
            for word in case["must_mention"]:
                self.assertIn(word, done.stderr)
        elif outcome == "loads-with-warning":
            self.assertEqual(done.returncode, 0, done.stderr)
            for word in case["must_mention"][1:]:
                self.assertIn(word, done.stdout + done.stderr)
        else:
            self.assertIn(done.returncode, (0, 1))

    def test_missing_parts_of_a_folder(self):
        for missing in ("config.json", "model.safetensors"):
            with tempfile.TemporaryDirectory() as folder, self.subTest(missing):
                shutil.copytree(DEMO, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(missing))
                done = run("explain", folder, "text")
                self.assertEqual(done.returncode, 1)
                self.assertIn(missing, done.stderr)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(DEMO, folder, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("tokenizer.json", "vocab.txt"))
            done = run("explain", folder, "text")
            self.assertEqual(done.returncode, 1)
            for word in ("tokenizer.json", "vocab.txt"):
                self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
