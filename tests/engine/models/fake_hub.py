"""A hub on this machine: what huggingface_hub asks of the real one, answered from memory."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" * 6 + "cafe"
_PIECE = 1024  # bytes


@dataclass
class FakeHub:
    """Repositories by id, each a dict of files. What happened is in `requests`, what is to happen in the rest."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    refused: int = 0  # the status of every answer, where it is not 0
    stalls_after: int | None = None  # bytes of a file, then silence until `released`
    breaks_after: int | None = None  # bytes of a file, then the connection ends
    requests: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator[FakeHub]:
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.released.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None: ...

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.refused:
            return self._refuse(self.hub.refused, "", "Invalid credentials in Authorization header")
        if path.startswith("/api/models/"):
            return self._describe(path.removeprefix("/api/models/"))
        id, _, rest = path.removeprefix("/").partition("/resolve/")
        return self._send_file(id, rest.partition("/")[2], body=body)

    def _describe(self, path: str) -> None:
        id, _, rest = path.partition("/revision/")
        id, _, tree = id.partition("/tree/")
        files = self.hub.repositories.get(id)
        if files is None:
            return self._refuse(401, "RepoNotFound", "Repository not found")
        if rest not in ("", "main", COMMIT):
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {rest}")
        if tree:
            listed = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in files.items()
            ]
            return self._send_json(listed)
        siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
        return self._send_json({"id": id, "sha": COMMIT, "siblings": siblings, "private": False})

    def _send_file(self, id: str, name: str, *, body: bool) -> None:
        files = self.hub.repositories.get(id)
        if files is None:
            return self._refuse(401, "RepoNotFound", "Repository not found")
        if id in self.hub.gated:
            return self._refuse(403, "GatedRepo", f"Access to model {id} is restricted")
        if name not in files:
            return self._refuse(404, "EntryNotFound", "Entry not found")
        content = files[name]
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if body:
            self._stream(content, start)
        return None

    def _stream(self, content: bytes, start: int) -> None:
        for place in range(start, len(content), _PIECE):
            if self.hub.stalls_after is not None and place >= self.hub.stalls_after:
                self.hub.released.wait(60)
            if self.hub.breaks_after is not None and place >= self.hub.breaks_after:
                self.close_connection = True
                return
            try:
                self.wfile.write(content[place : place + _PIECE])
            except OSError:  # the other side has had enough
                self.close_connection = True
                return

    def _send_json(self, content: object) -> None:
        raw = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()
