# SPDX-License-Identifier: Apache-2.0
"""A hub of models on loopback, and the other host that it keeps large files on, with faults to order."""
import hashlib
import http.server
import json
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.server.hub.answer(self)

    do_GET = do_HEAD

    def reply(self, status, headers, body=b"", cut=None):
        """cut: so many bytes of the body are sent, then the connection breaks."""
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None or self.command == "GET" and int(headers["Content-Length"]) != len(body):
            self.wfile.flush()
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a client that hangs up is part of the test
        pass


class Hub:
    """files: name -> content; `large` ones lie on the other host and are named by their SHA-256."""

    def __init__(self, files, large=(), name="org/model", token=None):
        self.files, self.large, self.name, self.token = files, set(large), name, token
        self.revisions = {"main": COMMIT, "v1/x": COMMIT, COMMIT: COMMIT}
        self.log = []  # (host, method, path, headers)
        self.faults = {}  # (method, file) -> faults, the first is used up by the next request
        self.lock = threading.Lock()

    def __enter__(self):
        self.servers = [Server(("127.0.0.1", 0), Handler) for _ in range(2)]
        for server in self.servers:
            server.hub = self
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.url, self.cdn = (f"http://127.0.0.1:{server.server_address[1]}" for server in self.servers)
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def fault(self, method, file, *faults):
        self.faults.setdefault((method, file), []).extend(faults)

    def requests(self, method, file):
        return [entry for entry in self.log if entry[1] == method and entry[2].endswith("/" + file)]

    def etag(self, file):
        content = self.files[file]
        return hashlib.sha256(content).hexdigest() if file in self.large else git_hash(content)

    def answer(self, request):
        path = urllib.parse.urlsplit(request.path).path
        on_cdn = request.server is self.servers[1]
        with self.lock:
            self.log.append(("cdn" if on_cdn else "hub", request.command, path, dict(request.headers)))
            key = (request.command, "api" if path.startswith("/api/") else path.rsplit("/", 1)[-1])
            queue = self.faults.get(key) if on_cdn or key[1] not in self.large or request.command == "HEAD" else None
            fault = queue.pop(0) if queue else {}
        if "status" in fault:
            return request.reply(fault["status"], dict(fault.get("headers", {})), fault.get("body", b"no"))
        if self.token and not on_cdn and request.headers.get("Authorization") != f"Bearer {self.token}":
            return request.reply(401, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        if path.startswith("/api/models/"):
            return self.answer_api(request, path)
        self.answer_file(request, path, on_cdn, fault)

    def answer_api(self, request, path):
        name, _, revision = path[len("/api/models/"):].partition("/revision/")
        commit = self.revisions.get(urllib.parse.unquote(revision))
        if name != self.name or commit is None:
            code = "RevisionNotFound" if name == self.name else "RepoNotFound"
            return request.reply(404, {"X-Error-Code": code})
        siblings = [{"rfilename": file} for file in self.files]
        body = json.dumps({"id": name, "sha": commit, "siblings": siblings}).encode()
        request.reply(200, {"Content-Type": "application/json"}, body)

    def answer_file(self, request, path, on_cdn, fault):
        prefix = "/cdn/" if on_cdn else f"/{self.name}/resolve/"
        file = urllib.parse.unquote(path[len(prefix):]) if path.startswith(prefix) else ""
        revision, _, file = (None, None, file) if on_cdn else file.partition("/")
        revision = urllib.parse.unquote(revision or COMMIT)
        if file not in self.files or revision not in self.revisions:
            return request.reply(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        content = self.files[file]
        headers = {"ETag": f'"{self.etag(file)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        headers.update(fault.get("headers", {}))
        if file in self.large and not on_cdn:
            headers.update({"ETag": '"of-the-redirect"', "X-Linked-Etag": f'"{self.etag(file)}"',
                            "X-Linked-Size": str(fault.get("size", len(content))),
                            "Location": fault.get("location", f"{self.cdn}/cdn/{file}")})
            return request.reply(302, headers)
        if "content" in fault:
            content = fault["content"]
        status, start = 200, 0
        given = request.headers.get("Range")
        if given and not fault.get("no_range"):
            status, start = 206, int(given[len("bytes="):-1])
            if start >= len(content):
                return request.reply(416, {})
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        request.reply(status, headers, content[start:], fault.get("cut"))
