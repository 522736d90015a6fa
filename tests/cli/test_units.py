# SPDX-License-Identifier: Apache-2.0
"""`pellucid explain --unit ...`: units of the user's own, marks among words, abbreviations."""
import json
import pathlib
import tempfile
import unittest

from program import run, run_json

TEXT = "I love this, but I am afraid."
QUICK = ("--method", "saliency")


def texts(explanation):
    return [unit["text"] for unit in explanation["units"]]


class Spans(unittest.TestCase):
    def test_of_an_argument(self):
        found = run_json("explain", TEXT, *QUICK, "--spans", "0-11,17-28")
        self.assertEqual(found["unit"], "spans")
        self.assertEqual(texts(found), ["I love this", "I am afraid"])
        self.assertEqual([token["unit"] for token in found["tokens"]][:6], [None, 0, 0, 0, None, None])
        rest = run_json("explain", TEXT, *QUICK, "--unit", "spans", "--spans", "2-6", "--rest", "units")
        self.assertEqual(texts(rest), ["I", "love", "this, but I am afraid."])
        two = run("explain", "--text", "a b", "--text", "c d", *QUICK, "--spans", "0-1", "--spans", "2-3", "-f", "jsonl")
        self.assertEqual([texts(json.loads(line)) for line in two.stdout.splitlines()], [["a"], ["d"]])

    def test_words_as_spans_have_the_same_scores(self):
        words = run_json("explain", TEXT)
        spans = ",".join(f"{unit['start']}-{unit['end']}" for unit in words["units"])
        found = run_json("explain", TEXT, "--spans", spans)
        self.assertEqual(found["targets"][0]["scores"], words["targets"][0]["scores"])

    def test_of_json_lines(self):
        lines = [{"text": TEXT, "spans": [[2, 6], [0, 1]]},
                 {"text": "a b", "pair": "c d", "spans": [[0, 1, 0], [2, 3, 1]]},
                 {"text": TEXT, "spans": [{"text": "love", "start": 2, "end": 6, "segment": 0, "tokens": [2]}]},
                 {"text": TEXT}]
        done = run("explain", "-i", "-", *QUICK, "-f", "jsonl", stdin="\n".join(map(json.dumps, lines)).encode())
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([texts(line) for line in found if "units" in line][0], ["I", "love"])
        self.assertEqual(texts(found[2]), ["love"])
        self.assertEqual([line.get("unit") for line in found][3], "word")
        if "units" in found[1]:
            self.assertEqual([unit["segment"] for unit in found[1]["units"]], [0, 1])

    def test_what_is_wrong_is_said_of_its_line(self):
        lines = [{"text": TEXT, "spans": spans} for spans in ([[0, 99]], [[3, 3]], [[0, 4], [2, 6]], "a", [[0]], [[0, 1, 2]], [[0, 1.5]])]
        done = run("explain", "-i", "-", *QUICK, "-f", "jsonl", stdin="\n".join(map(json.dumps, lines)).encode())
        self.assertEqual(done.returncode, 1)
        found = [json.loads(line)["error"] for line in done.stdout.splitlines()]
        for error, word in zip(found, ("[0, 99)", "[3, 3)", "overlap", "spans", "spans", "segment", "spans")):
            self.assertIn(word, error)
        done = run("explain", "-i", "-", "--unit", "word", stdin=json.dumps({"text": "a", "spans": [[0, 1]]}).encode())
        self.assertEqual(done.returncode, 1)
        self.assertIn("unit is word", done.stdout + done.stderr)

    def test_wrong_usage(self):
        for flags, word in ((("--unit", "spans"), "spans"), (("--spans", "0:3"), "START-END"), (("--spans", "0-3,"), "START-END"),
                            (("--spans", "0-99"), "[0, 99)"), (("--rest", "units", "--unit", "word"), "rest"),
                            (("--spans", "0-1", "--unit", "word"), "unit is word"),
                            (("--spans", "0-1", "--spans", "0-2", "--spans", "0-3"), "3 times"), (("--rest", "all"), "none, units")):
            done = run("explain", "--text", TEXT, *QUICK, *flags)
            self.assertIn(done.returncode, (1, 2), flags)
            self.assertIn(word, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)


class Words(unittest.TestCase):
    def test_punctuation(self):
        self.assertEqual(texts(run_json("explain", TEXT, *QUICK, "--punctuation", "attach")),
                         ["I", "love", "this,", "but", "I", "am", "afraid."])
        dropped = run_json("explain", TEXT, *QUICK, "--punctuation", "drop")
        self.assertEqual(texts(dropped), ["I", "love", "this", "but", "I", "am", "afraid"])
        self.assertEqual(dropped["method"]["parameters"]["punctuation"], "drop")
        self.assertEqual(run_json("explain", TEXT, *QUICK, "--punctuation", "own")["units"], run_json("explain", TEXT, *QUICK)["units"])

    def test_abbreviations(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "abbreviations.txt")
            file.write_text("hons.\nRESPAWN\n\n")
            text = "She has hons. in this. We respawn. in May."
            self.assertEqual(len(texts(run_json("explain", text, *QUICK, "--unit", "sentence"))), 4)
            found = run_json("explain", text, *QUICK, "--unit", "sentence", "--abbreviations", file)
            self.assertEqual(texts(found), ["She has hons. in this.", "We respawn. in May."])
            done = run("explain", text, *QUICK, "--abbreviations", file)
            self.assertEqual(done.returncode, 2)
            self.assertIn("sentences and phrases", done.stderr)
            done = run("explain", text, *QUICK, "--unit", "sentence", "--abbreviations", file.with_name("none"))
            self.assertEqual(done.returncode, 1)
        done = run("explain", TEXT, *QUICK, "--punctuation", "drop", "--unit", "sentence")
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
