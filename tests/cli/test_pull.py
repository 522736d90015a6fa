# SPDX-License-Identifier: Apache-2.0
"""`pellucid pull` from a hub on loopback that also breaks connections, lies, redirects and refuses."""
import fcntl
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest

from hub_server import COMMIT, Hub, git_hash
from program import BINARY, DEMO, run

BIG = random.Random(1).randbytes(300_000)
SMALL = {"config.json": b'{"model_type": "bert"}', "tokenizer.json": b"{}", "README.md": b"# not needed", "vocab.txt": b""}
MODEL = {**SMALL, "model.safetensors": BIG, "pytorch_model.bin": b"not needed", "onnx/model.onnx": b"not needed"}
LARGE = ("model.safetensors", "pytorch_model.bin")
FOLDER = "models--org--model"


class PullTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.home = pathlib.Path(self.temporary.name)
        self.cache = self.home / "hub"
        self.root = self.cache / FOLDER
        self.snapshot = self.root / "snapshots" / COMMIT

    def hub(self, files=None, large=LARGE, **options):
        hub = Hub(dict(MODEL if files is None else files), large, **options)
        hub.__enter__()
        self.addCleanup(hub.__exit__)
        return hub

    def environment(self, hub, **more):
        clean = {name: "" for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_HUB_OFFLINE",
                                       "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_OFFLINE", "http_proxy", "HTTP_PROXY")}
        return {**clean, "HF_HOME": str(self.home), "HF_ENDPOINT": hub.url, "NO_PROXY": "*", **more}

    def pull(self, hub, *arguments, name="org/model", **more):
        return run("pull", name, *(arguments or ("--retries", "2")), env=self.environment(hub, **more))

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, f"{self.snapshot}\n")
        self.assertEqual((self.snapshot / "model.safetensors").read_bytes(), BIG)

    def bad(self, done, *words, code=1):
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        last = done.stderr.splitlines()[-1]
        self.assertTrue(last.startswith("pellucid: pull: "), last)
        for word in words:
            self.assertIn(word, last)
        self.assertFalse((self.root / "refs/main").exists())


class Layout(PullTest):
    def test_only_what_a_model_needs_in_the_shared_layout(self):
        hub = self.hub()
        done = self.pull(hub)
        self.good(done)
        self.assertEqual(done.stderr, "")
        self.assertEqual({path.name for path in self.snapshot.iterdir()},
                         {"config.json", "tokenizer.json", "vocab.txt", "model.safetensors"})
        self.assertEqual((self.root / "refs/main").read_text(), COMMIT)
        for path in self.snapshot.iterdir():
            self.assertEqual(os.readlink(path), f"../../blobs/{hub.etag(path.name)}")
            self.assertTrue((self.cache / ".locks" / FOLDER / f"{hub.etag(path.name)}.lock").exists())
        self.assertEqual({path.name for path in (self.root / "blobs").iterdir()},
                         {hub.etag(path.name) for path in self.snapshot.iterdir()})
        before = len(hub.log)
        self.good(self.pull(hub))
        self.assertEqual(len(hub.log), before + 1)  # which commit it is; the files are there

    def test_revisions(self):
        hub = self.hub()
        self.good(self.pull(hub, name="org/model@v1/x"))
        self.assertEqual((self.root / "refs/v1/x").read_text(), COMMIT)
        self.good(self.pull(hub, "--revision", COMMIT))
        self.assertFalse((self.root / "refs/main").exists())
        self.assertEqual(run("pull", "org/model@a", "--revision", "b").returncode, 2)
        self.bad(self.pull(hub, "--revision", "nowhere"), "org/model", "nowhere", "404", "no such revision")

    def test_cache_variables(self):
        hub = self.hub()
        for variables in ({"HF_HUB_CACHE": str(self.home / "elsewhere")}, {"HF_HUB_CACHE": "$HF_HOME/elsewhere"},
                          {"HF_HOME": "~", "HOME": str(self.home), "HF_HUB_CACHE": "~/elsewhere"}):
            done = self.pull(hub, **variables)
            self.assertEqual((done.returncode, done.stdout),
                             (0, str(self.home / "elsewhere" / FOLDER / "snapshots" / COMMIT) + "\n"))

    def test_shards_and_pytorch_files(self):
        def index(*files):
            return json.dumps({"weight_map": {str(i): file for i, file in enumerate(files)}}).encode()

        files = {**SMALL, "model.safetensors.index.json": index("b/2.safetensors", "1.safetensors", "1.safetensors"),
                 "1.safetensors": b"one", "b/2.safetensors": b"two", "3.safetensors": b"not listed", "pytorch_model.bin": b"no"}
        self.assertEqual(self.pull(self.hub(files)).returncode, 0)
        self.assertEqual((self.snapshot / "b/2.safetensors").read_bytes(), b"two")
        self.assertTrue(os.readlink(self.snapshot / "b/2.safetensors").startswith("../../../blobs/"))
        self.assertFalse((self.snapshot / "3.safetensors").exists() or (self.snapshot / "pytorch_model.bin").exists())
        self.setUp()
        self.bad(self.pull(self.hub({**SMALL, "pytorch_model.bin.index.json": index("../../x.bin")})), "weight_map", "../../x.bin")
        self.setUp()
        self.bad(self.pull(self.hub({**SMALL, "pytorch_model.bin.index.json": index("x.bin")})), "x.bin", "does not have")
        self.setUp()
        self.assertEqual(self.pull(self.hub({**SMALL, "pytorch_model.bin": b"yes"})).returncode, 0)
        self.setUp()
        self.bad(self.pull(self.hub(SMALL)), "no weights", "model.safetensors")
        self.bad(self.pull(self.hub({"model.safetensors": b""})), "config.json")

    def test_the_pulled_model_runs_and_others_are_told_of_pull(self):
        files = {path.name: path.read_bytes() for path in DEMO.iterdir() if path.is_file()}
        hub = self.hub(files, ("model.safetensors",))
        environment = self.environment(hub)
        missing = run("explain", "--model", "org/model", "I love this.", env=environment)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("pellucid pull org/model", missing.stderr)
        self.assertEqual(self.pull(hub).returncode, 0)
        found = run("predict", "org/model", "I love this.", "--format", "json", env=environment)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(json.loads(found.stdout)["prediction"],
                         json.loads(run("predict", DEMO, "I love this.", "--format", "json").stdout)["prediction"])


class Faults(PullTest):
    def test_broken_connections_go_on_where_they_stopped(self):
        hub = self.hub()
        hub.fault("GET", "model.safetensors", {"cut": 100_000}, {"cut": 0}, {"cut": 50_000})
        done = self.pull(hub)
        self.good(done)
        self.assertIn("trying again", done.stderr)
        ranges = [entry[3].get("Range") for entry in hub.requests("GET", "model.safetensors") if entry[0] == "cdn"]
        self.assertEqual(ranges, [None, "bytes=100000-", "bytes=100000-", "bytes=150000-"])

    def test_a_later_run_resumes(self):
        hub = self.hub()
        hub.fault("GET", "model.safetensors", {"cut": 100_000}, {"status": 500})
        self.bad(self.pull(hub, "--retries", "0"), "model.safetensors")
        partial = self.root / "blobs" / (hub.etag("model.safetensors") + ".incomplete")
        self.assertEqual(partial.read_bytes(), BIG[:100_000])
        self.assertFalse((self.snapshot / "model.safetensors").exists())
        hub.faults.clear()
        self.good(self.pull(hub))
        self.assertEqual(hub.requests("GET", "model.safetensors")[-1][3]["Range"], "bytes=100000-")
        self.assertFalse(partial.exists())

    def test_what_was_there_is_not_trusted(self):
        hub = self.hub()
        partial = self.root / "blobs" / (hub.etag("model.safetensors") + ".incomplete")
        partial.parent.mkdir(parents=True)
        for content in (b"x" * 1000, b"x" * len(BIG), b"x" * (len(BIG) + 5)):
            partial.write_bytes(content)
            self.good(self.pull(hub))
            (self.snapshot / "model.safetensors").unlink()
            (self.root / "blobs" / hub.etag("model.safetensors")).unlink()

    def test_a_server_without_ranges(self):
        hub = self.hub()
        hub.fault("GET", "model.safetensors", {"cut": 100_000}, {"no_range": True})
        self.good(self.pull(hub))

    def test_wrong_content(self):
        hub = self.hub()
        hub.fault("GET", "model.safetensors", {"content": BIG[:-1] + b"x"}, {"content": BIG[:-1] + b"x"})
        if BIG[-1:] == b"x":
            self.skipTest("unlucky seed")
        self.bad(self.pull(hub), "model.safetensors", "SHA-256", hub.etag("model.safetensors"))
        self.assertFalse((self.root / "blobs" / hub.etag("model.safetensors")).exists())
        hub.faults.clear()
        self.good(self.pull(hub))
        self.setUp()
        hub.fault("GET", "config.json", {"content": b'{"model_type": "bort"}'})
        self.bad(self.pull(hub), "config.json", "git hash", git_hash(MODEL["config.json"]))

    def test_lies_about_sizes(self):
        hub = self.hub()
        hub.fault("GET", "model.safetensors", {"content": BIG + b"more"})
        self.bad(self.pull(hub), "model.safetensors", "more than the 300000 bytes")
        hub.fault("HEAD", "model.safetensors", {"size": len(BIG) + 10})
        self.bad(self.pull(hub, "--retries", "1"), "model.safetensors")
        self.setUp()
        hub.faults.clear()
        hub.fault("GET", "model.safetensors", {"headers": {"Content-Length": str(len(BIG) + 10)}})
        self.good(self.pull(hub))

    def test_too_large_for_the_disk(self):
        hub = self.hub()
        hub.fault("HEAD", "model.safetensors", {"size": 10**17})
        self.bad(self.pull(hub), "bytes more", "free")

    def test_statuses(self):
        for status, words in ((401, ("401", "HF_TOKEN")), (403, ("403", "granted")), (404, ("404", "no such model")),
                              (429, ("429", "too many requests")), (500, ("500",)), (418, ("418",))):
            with self.subTest(status):
                hub = self.hub()
                hub.fault("GET", "api", *[{"status": status}] * 2)
                self.bad(self.pull(hub, "--retries", "1"), "org/model", *words)
                self.assertEqual(len(hub.log), 2 if status in (429, 500) else 1)
        hub = self.hub()
        hub.fault("HEAD", "model.safetensors", {"status": 404, "headers": {"X-Error-Code": "EntryNotFound"}})
        self.bad(self.pull(hub), "org/model/model.safetensors", "no such file")
        hub.fault("HEAD", "model.safetensors", {"status": 403, "headers": {"X-Error-Code": "GatedRepo", "X-Error-Message": "Ask\tfirst"}})
        self.bad(self.pull(hub), "403", "granted", "Ask")

    def test_retry_after(self):
        hub = self.hub()
        hub.fault("GET", "api", {"status": 429, "headers": {"Retry-After": "2"}}, {"status": 503})
        start = time.monotonic()
        self.good(self.pull(hub))
        self.assertGreater(time.monotonic() - start, 2)
        hub.fault("GET", "api", {"status": 429, "headers": {"Retry-After": "4000"}})
        self.assertIn("4000 seconds", self.pull(hub).stderr)

    def test_no_server(self):
        with Hub(MODEL) as hub:
            pass
        self.bad(self.pull(hub, "--retries", "0"), "org/model")

    def test_answers_that_make_no_sense(self):
        for body in (b"<html>", b"[]", b'{"sha": "../../x", "siblings": []}', json.dumps({"sha": COMMIT}).encode(),
                     json.dumps({"sha": COMMIT, "siblings": [1]}).encode()):
            hub = self.hub()
            hub.fault("GET", "api", {"status": 200, "body": body})
            self.bad(self.pull(hub))
        hub = self.hub()
        hub.fault("HEAD", "config.json", {"headers": {"ETag": '"../../../x"'}})
        self.bad(self.pull(hub), "config.json", "../../../x")


class Secrets(PullTest):
    def test_the_token_goes_to_the_hub_alone(self):
        hub = self.hub(token="secret")
        self.bad(self.pull(hub), "401", "HF_TOKEN")
        self.bad(self.pull(hub, HF_TOKEN="wrong"), "401", "not accepted")
        self.good(self.pull(hub, HF_TOKEN=" secret\n"))
        for host, _, _, headers in hub.log:
            if host == "cdn":
                self.assertNotIn("Authorization", headers)
        (self.home / "token").write_text("secret\n")
        self.good(self.pull(hub))
        (self.home / "other").write_text("wrong")
        self.assertEqual(self.pull(hub, HF_TOKEN_PATH=str(self.home / "other")).returncode, 1)
        self.assertEqual(self.pull(hub, HF_HUB_DISABLE_IMPLICIT_TOKEN="1").returncode, 1)
        self.assertEqual(self.pull(hub, HF_TOKEN="a\r\nX-Evil: 1").returncode, 1)

    def test_redirects(self):
        hub = self.hub()
        for location in ("ftp://127.0.0.1/x", "file:///etc/passwd"):
            hub.fault("GET", "api", {"status": 302, "headers": {"Location": location}})
            self.bad(self.pull(hub), location, "http or https")
        hub.fault("GET", "api", *[{"status": 307, "headers": {"Location": "/api/models/org/model/revision/main"}}] * 20)
        self.bad(self.pull(hub), "redirects")
        hub.faults.clear()
        hub.fault("GET", "api", {"status": 307, "headers": {"Location": "/api/models/org/model/revision/main"}})
        hub.fault("HEAD", "config.json", {"status": 307, "headers": {"Location": f"/org/model/resolve/{COMMIT}/config.json"}})
        self.good(self.pull(hub))

    def test_offline_and_wrong_variables(self):
        hub = self.hub()
        for variables, word in (({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE"), ({"TRANSFORMERS_OFFLINE": "yes"}, "TRANSFORMERS_OFFLINE"),
                                ({"HF_ENDPOINT": "file:///tmp"}, "HF_ENDPOINT"), ({"HF_HUB_ETAG_TIMEOUT": "soon"}, "HF_HUB_ETAG_TIMEOUT")):
            self.bad(self.pull(hub, **variables), word)
        self.assertEqual(hub.log, [])
        for name in ("../x", "a/b/c", "", "org/model@../x"):
            self.bad(self.pull(hub, name=name), code=2)


class Company(PullTest):
    def test_two_downloads_take_turns(self):
        hub = self.hub()
        lock = self.cache / ".locks" / FOLDER / f"{hub.etag('config.json')}.lock"
        lock.parent.mkdir(parents=True)
        with open(lock, "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            environment = {**os.environ, **self.environment(hub)}
            processes = [subprocess.Popen([BINARY, "pull", "org/model"], env=environment, stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, text=True) for _ in range(2)]
            time.sleep(0.5)
            self.assertFalse((self.snapshot / "config.json").exists())
        for process in processes:
            out, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, out), (0, f"{self.snapshot}\n"), err)
        self.assertEqual(len([1 for entry in hub.requests("GET", "model.safetensors") if entry[0] == "cdn"]), 1)

    def python_client(self, hub, code):
        script = f"from huggingface_hub import hf_hub_download, snapshot_download\n{code}"
        more = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        environment = {**{k: v for k, v in os.environ.items() if not k.startswith("HF_")},
                       **{k: v for k, v in self.environment(hub, **more).items() if v}}
        return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120)

    def test_the_python_client_reads_what_is_pulled(self):
        hub = self.hub()
        if self.python_client(hub, "").returncode != 0:
            self.skipTest("the package huggingface_hub is not installed")
        self.good(self.pull(hub))
        before = len(hub.requests("GET", "model.safetensors"))
        done = self.python_client(hub, "print(hf_hub_download('org/model', 'model.safetensors'))\n"
                                       "print(snapshot_download('org/model', local_files_only=True))")
        self.assertEqual(done.stdout, f"{self.snapshot}/model.safetensors\n{self.snapshot}\n", done.stderr)
        self.assertEqual(len(hub.requests("GET", "model.safetensors")), before)

    def test_what_the_python_client_wrote_is_read(self):
        files = {path.name: path.read_bytes() for path in DEMO.iterdir() if path.is_file()}
        hub = self.hub(files, ("model.safetensors",))
        if self.python_client(hub, "").returncode != 0:
            self.skipTest("the package huggingface_hub is not installed")
        done = self.python_client(hub, f"for file in {sorted(files)}: hf_hub_download('org/model', file)")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(run("info", "org/model", env=self.environment(hub)).returncode, 0)
        self.assertEqual(self.pull(hub).stdout, f"{self.snapshot}\n")
        self.assertEqual(len([1 for entry in hub.requests("GET", "model.safetensors") if entry[0] == "cdn"]), 1)


if __name__ == "__main__":
    unittest.main()
