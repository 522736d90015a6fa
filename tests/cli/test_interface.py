# SPDX-License-Identifier: Apache-2.0
"""What surrounds the program: signals, devices, caches, shells, manual page."""
import json
import os
import pathlib
import re
import signal
import shutil
import subprocess
import tempfile
import time
import unittest

from program import BINARY, DEMO, read_safetensors, run, run_json

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def start(*arguments, **options):
    return subprocess.Popen([BINARY, *map(os.fspath, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)


class Signals(unittest.TestCase):
    def interrupted(self, number, *flags):
        process = start("explain", "--file", "-", "--method", "saliency", *flags)
        process.stdin.write(b"i am happy\n" * 3000)
        process.stdin.flush()  # and stays open: the program waits for more
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not os.read(process.stdout.fileno(), 1 << 20):
            pass
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
        return process.returncode, rest, errors.decode()

    def test_a_batch_ends_with_whole_records(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number):
                found, rest, errors = self.interrupted(number)
                self.assertEqual((found, errors), (code, ""))
                self.assertTrue(rest == b"" or rest.endswith(b"}\n"))

    def test_waiting_for_input_ends_too(self):
        process = start("explain", "--file", "-")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        process.communicate()

    def test_what_is_done_is_on_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "out.jsonl")
            process = start("explain", "--file", "-", "--method", "saliency", "-o", path)
            process.stdin.write(b"i am happy\n" * 3000)
            process.stdin.flush()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not any(p.stat().st_size for p in pathlib.Path(folder).iterdir()):
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130)
            self.assertEqual(os.listdir(folder), ["out.jsonl"])
            records = path.read_text().splitlines()
            self.assertGreater(len(records), 0)
            self.assertTrue(all(json.loads(line)["text"] == "i am happy" for line in records))


class Devices(unittest.TestCase):
    def test_a_full_disk_is_said(self):
        for flags in (["explain", "--text", "a"], ["predict", "a"], ["tokenize", DEMO, "a"], ["methods"]):
            with self.subTest(flags), open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *map(os.fspath, flags)], stdout=full, stderr=subprocess.PIPE,
                                      stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"cannot be written", done.stderr)

    def test_standard_input_without_a_dash(self):
        done = run("predict", DEMO, stdin=b"so happy\n\nso sad")
        self.assertEqual([json.loads(line)["text"] for line in done.stdout.splitlines()], ["so happy", "", "so sad"])
        done = subprocess.run([BINARY, "predict", DEMO], stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"no text", done.stderr)

    def test_a_failed_run_leaves_what_was_there(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "a.json")
            path.write_text("before")
            self.assertEqual(run("explain", "--text", "a", "--target", "none such", "-o", path).returncode, 2)
            self.assertEqual(path.read_text(), "before")
            self.assertEqual(os.listdir(folder), ["a.json"])

    def test_byte_order_mark_and_windows_lines(self):
        done = run("predict", "--file", "-", stdin=b"\xef\xbb\xbfso happy\r\nso sad\r\n")
        self.assertEqual([json.loads(line)["text"] for line in done.stdout.splitlines()], ["so happy", "so sad"])

    def test_nul_bytes_are_refused(self):
        done = run("predict", "--file", "-", stdin=b"so happy\nso\0sad\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("NUL", json.loads(done.stdout.splitlines()[1])["error"])


class Formats(unittest.TestCase):
    def refuse(self, *arguments, word):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn(word, done.stderr)

    def test_suffix_and_flag(self):
        self.refuse("explain", "--text", "a", "-o", "a.png", word="formats: text, json, jsonl, html")
        self.refuse("explain", "--text", "a", "-o", "a.html", "--format", "json", word="--format says json")
        self.refuse("predict", "a", "-o", "a.html", word="does not write html")
        self.refuse("explain", "--text", "a", "--output", "a.html", word="-o a.html")

    def test_one_value_or_an_array(self):
        for stdin, kind in ((b"a\n", dict), (b"a\nb\n", list), (b"a\nb\nc\n", list)):
            done = run("predict", "--file", "-", "--format", "json", stdin=stdin)
            self.assertIsInstance(json.loads(done.stdout), kind)

    def test_flags_in_every_form(self):
        forms = [["--method", "saliency", "-f", "json"], ["--method=saliency", "--format=json"],
                 ["-msaliency", "-fjson"], ["-qmsaliency", "-f", "json", "--quiet", "--no-quiet"]]
        outputs = {re.sub(r'"seconds":[^,]*', "", run("explain", "--text", "so happy", *form).stdout) for form in forms}
        self.assertEqual(len(outputs), 1)
        self.refuse("explain", "--text", "a", "--negate=1", word="takes no value")
        self.refuse("explain", "--text", word="needs a value")
        self.refuse("explain", "--text", "a", "--decode", word="belongs to: tokenize")

    def test_texts_from_two_places(self):
        self.refuse("explain", "--text", "a", "--file", "b", word="the arguments and from --file")
        self.refuse("explain", "--csv", "b", word="--column")
        self.refuse("explain", "--text", "a", "--text", "b", "--text", "c", "--pair", "d", "--pair", "e", word="2 pairs")

    def test_fields_without_meaning_here_are_refused(self):
        lines = [{"text": "a", "spans": [[0, 1]]}, {"text": "a", "labels": ["b"]}, {"text": "a", "labels": [1]},
                 {"question": "a"}, {"text": 1}, {"text": "a", "id": {"b": [1]}}]
        done = run("predict", "-i", "-", stdin="\n".join(map(json.dumps, lines)).encode())
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(["error" in line for line in found], [True, True, False, True, True, False])
        for line, word in zip((found[0], found[1], found[3], found[4]), ("spans", "labels", "context", "text")):
            self.assertIn(f'"{word}"', line["error"])
        self.assertEqual(found[5]["id"], {"b": [1]})

    def test_a_true_label_is_shown_by_its_name(self):
        done = run("explain", "-i", "-", "--method", "saliency", "-f", "text", stdin=b'{"text": "so sad", "label": 1}')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_pages_tell_their_command_without_paths(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder, "a.html")
            self.assertEqual(run("explain", DEMO, "so --> sad", "-o", page).returncode, 0)
            head = page.read_text().split("\n")[1]
        self.assertIn("explain demo-emotion", head)
        self.assertNotIn(folder, head)
        self.assertEqual(head.count(">"), 1)


class Cache(unittest.TestCase):
    """Models by name, as the hub's libraries store them."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        root = pathlib.Path(self.folder, "hub/models--acme--tiny")
        (root / "refs").mkdir(parents=True)
        (root / "refs/main").write_text(COMMIT)
        (root / "snapshots").mkdir()
        (root / "snapshots" / COMMIT).symlink_to(DEMO)

    def test_by_name(self):
        for variables in ({"HF_HUB_CACHE": self.folder + "/hub"}, {"HF_HOME": self.folder, "HF_HUB_CACHE": ""}):
            found = run_json("explain", "acme/tiny", "so sad", env=variables)
            self.assertEqual((found["model"], found["text"]), ("acme/tiny", "so sad"))

    def test_what_is_not_there(self):
        variables = {"HF_HUB_CACHE": self.folder + "/hub"}
        done = run("explain", "acme/tiny", "so sad", "--revision", "v2", env=variables)
        self.assertEqual(done.returncode, 1)
        self.assertIn(COMMIT, done.stderr)
        done = run("predict", "--model", "acme/none", "so sad", env=variables)
        self.assertEqual(done.returncode, 1)
        self.assertIn("acme/none", done.stderr)


class Shells(unittest.TestCase):
    def test_bash(self):
        script = run("completion", "bash").stdout
        def complete(*words):
            line = f"COMP_WORDS=(pellucid {' '.join(words)}); COMP_CWORD={len(words)}; _pellucid; printf '%s\\n' " \
                   '"${COMPREPLY[@]}"'
            return subprocess.run(["bash", "-c", script + line], capture_output=True, text=True,
                                  check=True).stdout.split()
        self.assertEqual(complete("exp"), ["explain"])
        self.assertIn("--baseline", complete("explain", "--ba"))
        self.assertEqual(complete("explain", "--method", "occ"), ["occlusion"])
        self.assertEqual(complete("explain", "-f", "h"), ["html"])

    def test_manual_page_has_every_flag(self):
        page = run("help", "--man").stdout.replace("\\-", "-")
        for verb in re.findall(r"(?m)^  ([a-z]+)  ", run("--help").stdout):
            for flag in re.findall(r"--[a-z-]+", run("help", verb).stdout):
                self.assertIn(flag, page, verb)

    def test_short_help_is_a_screen(self):
        short, full = run("explain", "-h").stdout, run("explain", "--help").stdout
        self.assertLess(len(short.splitlines()), 45)
        self.assertLess(len(short), len(full))
        self.assertTrue(all(len(line) <= 100 for line in full.splitlines()))


class Inspect(unittest.TestCase):
    def inspect(self, *cases):
        with tempfile.TemporaryDirectory() as folder:
            path, output = pathlib.Path(folder, "cases.jsonl"), pathlib.Path(folder, "out.safetensors")
            path.write_text("".join(json.dumps(case) + "\n" for case in cases))
            done = run("inspect", DEMO, "--ids", path, "-o", output)
            return done, read_safetensors(output) if output.exists() else None

    def test_bad_cases_are_named_and_the_rest_is_done(self):
        bad = [({"input_ids": [2, 99999, 3]}, "99999 at row 0, position 1"),
               ({"input_ids": [2, 3], "token_type_ids": [0, 7]}, "token_type_ids"),
               ({"input_ids": [2, 3], "position_ids": [0, 512]}, "0 to 511"),
               ({"input_ids": [2] * 513}, "at most 512"),
               ({"input_ids": []}, "empty"),
               ({"input_ids": [[2, 3], [2]]}, "row 1 has 1"),
               ({"input_ids": [2, 3], "attention_mask": [0, 1]}, "position 0"),
               ({"input_ids": [2, 3], "attention_mask": [1]}, "attention_mask"),
               ({"input_ids": [2, 3], "token_type_id": [0, 0]}, 'did you mean "token_type_ids"?'),
               ({"input_ids": [2, 3], "gradients": [{"indices": [[0, 6]]}]}, "0 to 5"),
               ({"input_ids": [2, 3], "gradients": [{"output": "start_logits", "indices": [[0, 1]]}]}, "logits")]
        done, found = self.inspect({"name": "good", "input_ids": [2, 1283, 3]}, *(case for case, _ in bad))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(list(found), ["good/logits"])
        for (_, word), line in zip(bad, done.stderr.splitlines()):
            self.assertIn(word, line)

    def test_a_masked_batch_equals_its_rows(self):
        done, found = self.inspect({"name": "both", "input_ids": [[2, 1283, 3, 0], [2, 51, 2938, 3]],
                                    "attention_mask": [[1, 1, 1, 0], [1, 1, 1, 1]]},
                                   {"name": "one", "input_ids": [2, 1283, 3]}, {"name": "two", "input_ids": [2, 51, 2938, 3]})
        self.assertEqual(done.returncode, 0, done.stderr)
        both = list(found["both/logits"][1])
        self.assertEqual(both, list(found["one/logits"][1]) + list(found["two/logits"][1]))

    def test_gradient_flags(self):
        for text, word in (("logits", "logits[CLASS]"), ("logits[x]", "logits[CLASS]"), ("start_logits[1,2]", "logits[")):
            done = run("inspect", DEMO, "a", "--gradient", text)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
