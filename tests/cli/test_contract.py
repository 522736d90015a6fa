# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: exit codes, streams, messages, forms of input and output."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from program import BINARY, DEMO, read_safetensors, run, run_json

TEXT = "I love this, but I am afraid."
VERBS = ["demo", "explain", "predict", "tokenize", "inspect", "info", "methods", "report", "completion", "help"]


class Usage(unittest.TestCase):
    """Wrong use: exit code 2, nothing on stdout, one line on stderr that says what exists."""

    def refuse(self, arguments, *words, code=2, **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
        self.assertEqual(done.stdout, "", arguments)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("pellucid: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr, arguments)

    def test_verbs_and_flags(self):
        self.refuse(["explan", "x"], "explan", 'did you mean "explain"?')
        self.refuse(["evaluate", "x"], "unknown verb", "explain")
        self.refuse(["explain", "--text", "x", "--stesp", "3"], "--stesp", "--steps")
        self.refuse(["explain", "--text", "x", "--format", "svg"], "svg", "html")
        self.refuse(["explain", "--text", "x", "--precision", "f16"], "f16", "bf16x3")
        self.refuse(["explain", "--text", "x", "--long", "windows"], "windows", "truncate")
        self.refuse(["explain", "--text", "x", "--preset", "captm"], "captm", "captum")
        self.refuse(["explain", "--text", "x", "--threads", "0"], "threads")
        self.refuse(["explain", "--text", "x", "--memory", "lots"], "memory")

    def test_methods(self):
        self.refuse(["explain", "--text", "x", "--method", "oclusion"], "oclusion", 'did you mean "occlusion"?')
        self.refuse(["explain", "--text", "x", "--window", "2"], "window", "integrated-gradients")
        self.refuse(["explain", "--text", "x", "--steps", "0"], "steps", "1 or more")
        self.refuse(["explain", "--text", "x", "--steps", "1", "--rule", "trapezoid"], "trapezoid", "2 or more")
        self.refuse(["explain", "--text", "x", "--rule", "simpson"], "simpson", "gauss-legendre")
        self.refuse(["explain", "--text", "x", "--tolerance", "2"], "tolerance")
        self.refuse(["explain", "--text", "x", "--method", "occlusion", "--window", "1", "--stride", "2"], "stride")
        self.refuse(["explain", "--text", "x", "--method", "occlusion", "--set", "sahre=true"], "sahre", "share")
        self.refuse(["explain", "--text", "x", "--baseline", "2,0"], "baseline", "3 tokens")
        self.refuse(["explain", "--text", "x", "--baseline", "zzzzq"], "zzzzq")
        self.refuse(["explain", "--text", "x", "--layer", "top"], "layer", "embedding-block")

    def test_targets(self):
        self.refuse(["explain", "--text", "x", "--target", "feer"], "feer", "sadness", 'did you mean "fear"?')
        self.refuse(["explain", "--text", "x", "--target", "6"], "6", "0 to 5")
        self.refuse(["explain", "--text", "x", "--target", "top:0"], "top:0")
        self.refuse(["explain", "--text", "x", "--task", "question-answering"], "question-answering")
        self.refuse(["explain", "--text", "x", "--label-names", "a,b"], "2", "6")

    def test_model_or_text(self):
        self.refuse(["explain", "foo", "bar"], "foo", "pellucid explain --")

    def test_failures(self):
        self.refuse(["explain", "/nonexistent", "text"], "/nonexistent", code=1)
        self.refuse(["explain", "--text", b"\xff"], "UTF-8", "0xFF", code=1)
        self.refuse(["explain", "--text", "x", "-o", "/nonexistent/a.html"], "/nonexistent", code=1)
        self.refuse(["explain", "--file", "/nonexistent/a.txt"], "/nonexistent/a.txt", code=1)
        self.refuse(["explain", "--text", "word " * 900, "--long", "error"], "902", "512", code=1)
        self.refuse(["explain", "--text", "word " * 200, "--memory", "1M"], "memory", "MiB", code=1)


class Help(unittest.TestCase):
    def test_every_verb_has_help(self):
        for verb in VERBS:
            with self.subTest(verb):
                done = run(verb, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("usage:", done.stdout)
                self.assertEqual(run("help", verb).stdout, done.stdout)
        self.assertEqual(run().returncode, 2)
        self.assertIn("usage:", run("--help").stdout)

    def test_version_is_one(self):
        version = run("--version").stdout
        self.assertRegex(version, r"^pellucid \d+\.\d+\.\d+\n$")
        self.assertEqual(run_json("explain", "--text", "x")["version"], version.split()[1])

    def test_flags_of_help_are_completed(self):
        flags = set(re.findall(r"--[a-z-]+", run("help", "explain").stdout))
        for shell in ("bash", "zsh", "fish"):
            script = run("completion", shell).stdout
            for flag in flags:
                self.assertIn(flag.lstrip("-"), script, shell)

    def test_methods_are_listed_with_their_options(self):
        names = [method["name"] for method in json.loads(run("methods", "--format", "json").stdout)]
        self.assertEqual(names[:3], ["integrated-gradients", "input-x-gradient", "saliency"])
        for name in ("occlusion", "smooth-grad", "gradient-shap", "deep-lift", "attention", "value-zeroing"):
            self.assertIn(name, names)
        for name in names:
            self.assertIn(name, run("methods", name).stdout)


class Explain(unittest.TestCase):
    FIELDS = ["id", "model", "task", "text", "pair", "prediction", "tokens", "unit", "units", "targets", "method",
              "precision", "seed", "forwards", "vjps", "seconds", "warnings", "version"]

    def test_fields_and_their_order(self):
        found = run_json("explain", DEMO, TEXT)
        self.assertEqual([name for name in found if name in self.FIELDS], self.FIELDS)
        self.assertEqual(found["text"], TEXT)
        self.assertEqual(found["prediction"]["label"], "fear")
        target = found["targets"][0]
        self.assertEqual(target["value"], found["prediction"]["probability"])
        self.assertEqual(len(target["scores"]), len(found["units"]))
        self.assertEqual(len(target["token_scores"]), len(found["tokens"]))
        self.assertAlmostEqual(sum(target["scores"]) + target["unassigned"], target["sum"], places=9)
        gap = abs(target["sum"] - (target["value"] - target["baseline_value"]))
        self.assertAlmostEqual(target["completeness_gap"], gap, places=12)
        self.assertLess(target["relative_gap"], 0.01)
        for unit in found["units"]:
            self.assertEqual(TEXT[unit["start"]:unit["end"]], unit["text"])
        self.assertEqual(found["forwards"], 34)
        self.assertEqual(found["vjps"], 32)

    def test_targets(self):
        found = run_json("explain", "--text", TEXT, "--target", "all", "--output", "logit")
        self.assertEqual([t["index"] for t in found["targets"]], [0, 1, 2, 3, 4, 5])
        one = run_json("explain", "--text", TEXT, "--target", "love-fear")["targets"][0]
        other = run_json("explain", "--text", TEXT, "--target", "fear-love")["targets"][0]
        self.assertEqual(one["output"], "logit")
        for a, b in zip(one["scores"], other["scores"]):
            self.assertAlmostEqual(a, -b, places=6)
        found = run_json("explain", "--text", TEXT, "--target", "top:2", "--target", "Joy", "--target", "0")
        self.assertEqual([t["label"] for t in found["targets"]], ["fear", "love", "joy", "sadness"])

    def test_probabilities_of_all_classes_cancel(self):
        targets = run_json("explain", "--text", TEXT, "--target", "all")["targets"]
        for scores in zip(*(t["token_scores"] for t in targets)):
            self.assertAlmostEqual(sum(scores), 0, places=5)

    def test_auto_steps(self):
        found = run_json("explain", "--text", "I love this", "--steps", "auto")
        self.assertTrue(found["converged"])
        self.assertLess(found["targets"][0]["relative_gap"], 0.01)
        self.assertEqual(found["method"]["parameters"]["steps"], "auto")

    def test_negate(self):
        plain = run_json("explain", "--text", TEXT)["targets"][0]["scores"]
        negated = run_json("explain", "--text", TEXT, "--negate")
        self.assertEqual([-s for s in plain], negated["targets"][0]["scores"])
        self.assertTrue(negated["method"]["parameters"]["negate"])

    def test_occlusion_has_units_only(self):
        target = run_json("explain", "--text", TEXT, "--method", "occlusion")["targets"][0]
        self.assertNotIn("token_scores", target)
        self.assertIsNone(target["completeness_gap"])

    def test_the_text_is_kept(self):
        text = "3.14  (a)\n\u00a0\u201cb\u201d \U0001F600 e\u0301"
        found = run_json("explain", "--text", text)
        self.assertEqual(found["text"], text)
        for unit in found["units"]:
            self.assertEqual(text[unit["start"]:unit["end"]], unit["text"])

    def test_long_text_is_cut_with_a_warning(self):
        done = run("explain", "--text", "word " * 600, "--method", "saliency", "--format", "json")
        found = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertIn("510", found["warnings"][0])
        self.assertIn("warning", done.stderr)
        scores = found["targets"][0]["scores"]
        self.assertEqual(len(scores), 600)
        self.assertEqual([s is None for s in scores], [False] * 510 + [True] * 90)

    def test_empty_text(self):
        for text in ("", "  \n "):
            found = run_json("explain", "--text", text)
            self.assertEqual(found["units"], [])
            self.assertIn("no units to explain", found["warnings"])

    def test_same_command_twice(self):
        def once():
            return re.sub(r'"seconds":[^,]*', "", run("explain", "--text", TEXT, "--format", "json").stdout)
        self.assertEqual(once(), once())

    def test_threads_and_batches_change_nothing(self):
        def scores(*flags):
            return run_json("explain", "--text", TEXT, "--target", "all", *flags)["targets"]
        self.assertEqual(scores(), scores("--threads", "1", "--batch-tokens", "1"))
        self.assertEqual(scores(), scores("--threads", "64", "--batch-tokens", "64"))

    def test_dump(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "raw.safetensors")
            found = run_json("explain", "--text", TEXT, "--target", "top:2", "--dump", path)
            raw = read_safetensors(path)
        tokens = len(found["tokens"])
        self.assertEqual(raw["embeddings"][0], [tokens, 384])
        self.assertEqual(raw["gradients"][0], [2, tokens, 384])
        self.assertEqual(raw["attributions"][0], [2, tokens])
        for a, b in zip(raw["attributions"][1], found["targets"][0]["token_scores"]):
            self.assertAlmostEqual(a, b, places=5)


class Batches(unittest.TestCase):
    LINES = b'{"text": "a", "id": 7}\nnot json\n{"txt": 1}\n\xff\n{"text": "b", "target": "joy", "id": "x"}\n'

    def test_bad_lines_stand_in_their_place(self):
        done = run("explain", "--input", "-", "--method", "saliency", stdin=self.LINES)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 1)
        self.assertEqual(["error" in line for line in lines], [False, True, True, True, False])
        self.assertEqual([line["line"] for line in lines if "error" in line], [2, 3, 4])
        self.assertEqual([lines[0]["id"], lines[4]["id"]], [7, "x"])
        self.assertEqual(lines[4]["targets"][0]["label"], "joy")

    def test_a_batch_equals_single_texts(self):
        texts = [" ".join(["so", "very", "happy", "and", "afraid"][:n % 5 + 1] * (n % 3 + 1)) for n in range(16)]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "texts ä \"1\".txt"
            path.write_text("\n".join(texts) + "\n")
            done = run("explain", "--file", path)
        for text, line in zip(texts, done.stdout.splitlines(), strict=True):
            found = json.loads(line)
            self.assertEqual(found["text"], text)
            self.assertEqual(found["targets"], run_json("explain", "--text", text)["targets"])

    def test_csv(self):
        done = run("predict", "--csv", "/dev/stdin", "--column", "review",
                   stdin=b'id,review\n1,"happy, so happy"\n2,"I am ""afraid"""\n')
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([f["text"] for f in found], ["happy, so happy", 'I am "afraid"'])
        self.assertEqual([f["prediction"]["label"] for f in found], ["joy", "fear"])

    def test_a_closed_pipe_is_quiet(self):
        command = f'yes "i am happy" | head -3000 | "{BINARY}" explain --file - --method saliency | head -1 | wc -l'
        done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120)
        self.assertEqual((done.stdout.strip(), done.stderr), (b"1", b""))


class Output(unittest.TestCase):
    def test_colour(self):
        def coloured(*flags, **env):
            return "\x1b[" in run("explain", "--text", TEXT, "--format", "text", *flags, env=env).stdout
        self.assertFalse(coloured())  # a pipe
        self.assertTrue(coloured("--color", "always"))
        self.assertTrue(coloured(FORCE_COLOR="1"))
        self.assertTrue(coloured(FORCE_COLOR="1", NO_COLOR=""))
        self.assertFalse(coloured(FORCE_COLOR="1", NO_COLOR="0"))
        self.assertTrue(coloured("--color", "always", NO_COLOR="1"))
        self.assertFalse(coloured("--color", "never", FORCE_COLOR="1"))

    def test_formats_by_flag_and_by_name(self):
        self.assertEqual(len(run("explain", "--text", TEXT).stdout.splitlines()), 1)  # jsonl
        self.assertIsInstance(json.loads(run("explain", "--text", "a", "--text", "b", "--format", "json").stdout), list)
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "why.html"
            done = run("explain", "--text", TEXT, "-o", page)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertIn("Content-Security-Policy", page.read_text())
            self.assertEqual(os.listdir(folder), ["why.html"])
            lines = pathlib.Path(folder) / "a.jsonl"
            run("explain", "--text", TEXT, "--text", "b", "-o", lines)
            done = run("report", lines, "-o", page)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(page.read_text().count("<h1"), 1)

    def test_demo(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("demo", "--color", "always", cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("\x1b[", done.stdout)
            page = done.stdout.strip().splitlines()[-1].split()[-1]
            self.assertTrue(pathlib.Path(folder, page).exists(), page)


class OtherVerbs(unittest.TestCase):
    def test_predict(self):
        found = run_json("predict", TEXT)
        self.assertEqual(list(found), ["id", "text", "pair", "task", "prediction"])
        self.assertEqual(found["prediction"]["label"], "fear")
        self.assertAlmostEqual(sum(found["prediction"]["probabilities"]), 1, places=12)

    def test_tokenize(self):
        done = run("tokenize", DEMO, "Unaffable!")
        found = json.loads(done.stdout)
        self.assertEqual(list(found)[:9], ["text", "pair", "ids", "tokens", "offsets", "word_ids",
                                           "special_tokens_mask", "type_ids", "attention_mask"])
        self.assertEqual(found["tokens"][0], "[CLS]")
        self.assertEqual(found["word_ids"][0], None)
        self.assertEqual(found["offsets"][-2], [9, 10])
        ids = json.dumps({"ids": found["ids"]}).encode()
        back = run("tokenize", DEMO, "--decode", "--input", "-", stdin=ids)
        self.assertEqual(json.loads(back.stdout)["text"], "unaffable!")
        cut = json.loads(run("tokenize", DEMO, "a b c d e", "--max-length", "4", "--stride", "1").stdout)
        self.assertEqual([len(cut["ids"])] + [len(w["ids"]) for w in cut["overflowing"]], [4] * 4)

    def test_info(self):
        found = run_json("info", DEMO)
        self.assertEqual(found["model_type"], "bert")
        self.assertEqual(found["labels"], ["sadness", "joy", "love", "anger", "fear", "surprise"])
        self.assertEqual(found["parameters"], 6834822)
        self.assertEqual((found["unused_tensors"], found["missing_tensors"]), ([], []))

    def test_inspect_prints_names_and_shapes(self):
        done = run("inspect", DEMO, "a b", "--save", "logits,attentions", "--gradient", "logits[2]")
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("logits", "attentions.1", "grad.0", "[1, 12, 4, 4]"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main()
