# SPDX-License-Identifier: Apache-2.0
"""The same answers on other machines: older vector instructions, other numbers of threads."""
import json
import unittest

from program import run, run_json

TEXTS = ["I can't stop smiling, what a wonderful day", "nobody told me, and now I am furious"]


def scores(**environment):
    """All scores of an explanation, one list for each method and text."""
    found = []
    for method in ("integrated-gradients", "occlusion"):
        for text in TEXTS:
            explanation = run_json("explain", "--text", text, "--method", method, "--target", "all", env=environment)
            found.append([score for target in explanation["targets"] for score in target["scores"]])
    return found


class InstructionSets(unittest.TestCase):
    def check_near(self, found, expected):
        for a, b in zip(expected, found, strict=True):
            for x, y in zip(a, b, strict=True):
                self.assertLessEqual(abs(x - y), 1e-5 * max(map(abs, a)))

    def test_equal_to_rounding(self):
        expected = scores()
        for name in ("sse4", "avx2", "avx512"):
            with self.subTest(name):
                self.check_near(scores(PELLUCID_INSTRUCTION_SET=name), expected)

    def test_oneDNN_alone(self):
        self.check_near(scores(ONEDNN_MAX_CPU_ISA="AVX2"), scores())

    def test_bf16_needs_its_instructions(self):
        done = run("explain", "--text", TEXTS[0], "--precision", "bf16", env={"PELLUCID_INSTRUCTION_SET": "avx2"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("precision bf16 needs a processor with AVX512_BF16 or AMX", done.stderr)
        explanation = run_json("explain", "--text", TEXTS[0], "--precision", "auto",
                               env={"PELLUCID_INSTRUCTION_SET": "avx2"})
        self.assertEqual(explanation["precision"], "f32")

    def test_unknown_name(self):
        done = run("info", env={"PELLUCID_INSTRUCTION_SET": "avx1"})
        self.assertEqual(done.returncode, 2)
        self.assertIn('unknown instruction set "avx1" (expected sse4, avx2, avx512', done.stderr)


class Threads(unittest.TestCase):
    def test_more_threads_than_cores(self):
        one = run("explain", "--text", TEXTS[0], "--format", "json", "--quiet", "--threads", "1")
        many = run("explain", "--text", TEXTS[0], "--format", "json", "--quiet", "--threads", "64")
        self.assertEqual(many.returncode, 0, many.stderr)
        self.assertEqual(*({**json.loads(done.stdout), "seconds": None} for done in (one, many)))


if __name__ == "__main__":
    unittest.main()
