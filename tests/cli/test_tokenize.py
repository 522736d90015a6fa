# SPDX-License-Identifier: Apache-2.0
"""`pellucid tokenize`: where texts come from, what comes out in each format, and what is refused."""
import html
import json
import os
import pathlib
import re
import resource
import subprocess
import tempfile
import threading
import unittest

from program import BINARY, DEMO, run

MIXED = ["I love this, but I am afraid.", "  two  blanks ", "naïve 中文 😀", "", "</p><script>alert(1)</script>"]


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


class Sources(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name, "texts.txt")
        self.file.write_text("\n".join(MIXED) + "\n")

    def test_all_sources_agree(self):
        as_json = "\n".join(json.dumps({"text": text}) for text in MIXED).encode()
        table = pathlib.Path(self.folder.name, "texts.csv")
        table.write_text("n,words\n" + "".join(f'{i},"{text}"\n' for i, text in enumerate(MIXED)))
        flags = [part for text in MIXED for part in ("--text", text)]
        outputs = [run("tokenize", DEMO, "--file", self.file), run("tokenize", DEMO, "-i", "-", stdin=as_json),
                   run("tokenize", DEMO, *flags), run("tokenize", DEMO, *MIXED), run("tokenize", "--model", DEMO, *MIXED),
                   run("tokenize", DEMO, "--csv", table, "--column", "words"), run("tokenize", DEMO, "--file", self.file, "-j1"),
                   run("tokenize", DEMO / "vocab.txt" if (DEMO / "vocab.txt").exists() else DEMO, "--file", self.file)]
        for done in outputs:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, outputs[0].stdout)
        found = lines_of(outputs[0])
        self.assertEqual([line["text"] for line in found], MIXED)
        for line in found:
            for token, (start, end), word in zip(line["tokens"], line["offsets"], line["word_ids"]):
                if word is not None and line["text"].isascii() and token.isalpha():
                    self.assertEqual(line["text"][start:end].lower(), token)

    def test_pairs_and_ids(self):
        stdin = b'{"id": "q1", "text": "a cat", "pair": "a dog", "labels": ["x"], "spans": [[0, 1]]}\n' \
                b'{"id": 7, "question": "a cat", "context": "a dog"}\n'
        found = lines_of(run("tokenize", DEMO, "-i", "-", stdin=stdin))
        self.assertEqual([line["id"] for line in found], ["q1", 7])
        self.assertEqual(found[0]["ids"], found[1]["ids"])
        self.assertEqual(found[0]["type_ids"], [0, 0, 0, 0, 1, 1, 1])
        flag = lines_of(run("tokenize", DEMO, "a cat", "--pair", "a dog"))[0]
        self.assertEqual(flag["ids"], found[0]["ids"])
        self.assertNotIn("id", flag)

    def test_lines_that_cannot_be_used_keep_their_place(self):
        stdin = b'{"text": "a"}\n{"text": 1}\nnot json\n{"text": "b"}\n'
        done = run("tokenize", DEMO, "-i", "-", stdin=stdin)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(["error" in line for line in lines_of(done)], [False, True, True, False])
        self.assertIn("2 of 4 failed", done.stderr)
        for form in ("text", "html"):
            done = run("tokenize", DEMO, "-i", "-", "-f", form, stdin=stdin)
            self.assertEqual(done.returncode, 1)
            self.assertIn("stdin:3", done.stderr)

    def test_a_pipe_is_answered_line_by_line(self):
        process = subprocess.Popen([BINARY, "tokenize", DEMO, "--file", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        guard = threading.Timer(60, process.kill)
        guard.start()
        for text in ("first", "second"):
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["text"], text)
        process.stdin.close()
        self.assertEqual(process.wait(), 0)
        process.stdout.close()
        guard.cancel()

    def test_memory_does_not_grow_with_the_file(self):
        # Address sanitizer keeps what was freed; this is about what is held.
        environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
        peaks = []
        for times in (200, 20_000):
            self.file.write_text("all the words of a line, again and again, and some more\n" * times)
            process = subprocess.Popen([BINARY, "tokenize", DEMO, "--file", self.file], stdout=subprocess.DEVNULL,
                                       env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            peaks.append(usage.ru_maxrss)
        self.assertLess(peaks[1], peaks[0] + 30_000)  # KiB; the second file has 1.1 MB of text, 6 MB of tokens


class Formats(unittest.TestCase):
    def test_json_is_one_object_or_an_array(self):
        self.assertEqual(json.loads(run("tokenize", DEMO, "a", "-f", "json").stdout)["text"], "a")
        self.assertEqual(len(json.loads(run("tokenize", DEMO, "a", "b", "-f", "json").stdout)), 2)

    def test_text_is_a_table(self):
        done = run("tokenize", DEMO, "Unaffable \x1b[31m!", "-f", "text")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\x1b", done.stdout)
        rows = [line.split() for line in done.stdout.splitlines()[1:]]
        found = json.loads(run("tokenize", DEMO, "Unaffable \x1b[31m!").stdout)
        self.assertEqual([row[0] for row in rows], found["tokens"])
        self.assertEqual([int(row[1]) for row in rows], found["ids"])
        self.assertEqual([row[2] for row in rows[1:-1]], [f"{a}-{b}" for a, b in found["offsets"][1:-1]])

    def test_windows(self):
        found = json.loads(run("tokenize", DEMO, "a b c d e f", "--max-length", "5", "--stride", "1").stdout)
        self.assertEqual(len(found["overflowing"]), 2)
        only = ["tokenize", DEMO, "a b c d", "--pair", "e f", "--max-length", "7", "--truncation"]
        self.assertEqual(json.loads(run(*only, "only_first").stdout)["type_ids"], [0, 0, 0, 0, 1, 1, 1])
        self.assertEqual(json.loads(run(*only, "longest_first").stdout)["type_ids"], [0, 0, 0, 0, 1, 1, 1])
        plain = json.loads(run("tokenize", DEMO, "a b", "--no-special-tokens").stdout)
        self.assertEqual(plain["special_tokens_mask"], [0, 0])

    def test_html_page(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder, "tokens.html")
            done = run("tokenize", DEMO, *MIXED[:3], MIXED[4], "-o", page)
            self.assertEqual(done.returncode, 0, done.stderr)
            content = page.read_text()
        self.assertIn("Content-Security-Policy", content)
        self.assertNotIn("<script>alert", content)
        paragraphs = re.findall(r'<p class="text"[^>]*>(.*?)</p>', content, re.S)
        self.assertEqual([html.unescape(re.sub(r"<[^>]*>", "", p)) for p in paragraphs], MIXED[:3] + MIXED[4:])
        found = lines_of(run("tokenize", DEMO, MIXED[0], MIXED[1]))
        section = content.split("<section")[1]
        rows = re.findall(r"<tr data-i[^>]*>(.*?)</tr>", section, re.S)
        cells = [[html.unescape(re.sub(r"<[^>]*>", "", c)) for c in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]
        self.assertEqual([row[1] for row in cells], found[0]["tokens"])
        self.assertEqual([int(row[2]) for row in cells], found[0]["ids"])
        self.assertEqual(cells[1][3:5], ["0\u20131", "0"])
        self.assertRegex(section, r'title="love  id \d+ \u00b7 word 1 \u00b7 characters 2\u20136"')
        self.assertIn("Special tokens:", section)

    def test_decode(self):
        ids = json.loads(run("tokenize", DEMO, "i love it").stdout)["ids"]
        stdin = json.dumps({"ids": ids, "id": 3}).encode()
        self.assertEqual(lines_of(run("tokenize", DEMO, "--decode", stdin=stdin)), [{"text": "i love it", "id": 3}])
        kept = run("tokenize", DEMO, "--decode", "--keep-special-tokens", "-f", "text", stdin=stdin)
        self.assertEqual(kept.stdout, "[CLS] i love it [SEP]\n")
        bad = run("tokenize", DEMO, "--decode", stdin=b'{"ids": [99999999]}\n{"ids": [-1]}\n{"ids": "a"}\n{"text": "a"}')
        self.assertEqual(bad.returncode, 1)
        for line, word in zip(lines_of(bad), ("99999999 at position 0", "-1", "ids", "ids")):
            self.assertIn(word, line["error"])


class Refusals(unittest.TestCase):
    def refuse(self, *arguments, code=2, word="", stdin=b""):
        done = run("tokenize", *arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(word, done.stderr)

    def test_usage(self):
        self.refuse("a text", code=1, word="no such folder")
        self.refuse(word="no model")
        self.refuse(DEMO, "a", "--stride", "1", word="--stride needs --max-length")
        self.refuse(DEMO, "a", "--truncation", "only_first", word="needs --max-length")
        self.refuse(DEMO, "a", "--max-length", "5", "--stride", "5", word="stride is 5")
        self.refuse(DEMO, "a", "--keep-special-tokens", word="needs --decode")
        self.refuse(DEMO, "--decode", "a", word="no texts")
        self.refuse(DEMO, "--decode", "--max-length", "3", word="no --max-length")
        self.refuse(DEMO, "--decode", "-f", "html", stdin=b'{"ids": [1]}', word="text, json or jsonl")
        self.refuse(DEMO, "a", "--format", "csv", word="text, json, jsonl, html")
        self.refuse(DEMO, "a", "-o", "x.csv", word=".csv")
        self.refuse(DEMO, "--file", "/no/such/file", code=1, word="/no/such/file")
        self.refuse(DEMO, "--text", b"\xff\xfe", code=1, word="UTF-8")


if __name__ == "__main__":
    unittest.main()
