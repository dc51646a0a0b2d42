"""Published weights come whole, with progress, or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from engine.models.storage.published import fetch_weights
from engine.protocol.failures import EngineError, Stopped
from engine.watch import Watch

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:8]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    slow = threading.Event()  # set where an answer is to stop half way


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "missing" in self.path:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        half = len(CONTENT) // 2
        self.wfile.write(CONTENT[:half])
        if "cut" in self.path:
            return
        if "stalled" in self.path:
            _Server.slow.wait(10)
        self.wfile.write(CONTENT[half:])

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr(_Server, "slow", threading.Event())
    server = _Server(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    _Server.slow.set()
    server.shutdown()
    thread.join()
    server.server_close()


def checkpoints(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "checkpoints").glob("*"))


def test_that_weights_are_downloaded_once_and_counted(host: str, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    url = f"{host}/models/net-{DIGEST}.pth"
    file = fetch_weights(url, Watch(lambda *step: steps.append(step)))
    assert file == tmp_path / "checkpoints" / f"net-{DIGEST}.pth"
    assert file.read_bytes() == CONTENT
    assert steps[-1] == ("download", len(CONTENT), len(CONTENT))
    assert fetch_weights(url.replace(host, "http://nowhere.invalid"), Watch()) == file


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("net-00000000.pth", "model_damaged", "SHA-256 does not begin with 00000000"),
        ("missing.pth", "offline", "error 404"),
        ("cut.pth", "offline", "cannot be reached"),
    ],
)
def test_that_what_is_not_whole_is_not_kept(host: str, tmp_path: Path, name: str, kind: str, said: str) -> None:
    with pytest.raises(EngineError, match=said) as failure:
        fetch_weights(f"{host}/{name}", Watch())
    assert failure.value.kind == kind
    assert checkpoints(tmp_path) == []


def test_that_no_network_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    with pytest.raises(EngineError, match=r"not on this machine, and 127\.0\.0\.1:9 cannot be reached") as failure:
        fetch_weights("http://127.0.0.1:9/net.pth", Watch())
    assert failure.value.kind == "offline"


def test_that_a_stalled_download_is_left_at_once(host: str, tmp_path: Path) -> None:
    done: list[int] = []
    watch = Watch(lambda _, n, __: done.append(n), lambda: bool(done) and done[-1] > 0)
    with pytest.raises(Stopped):
        fetch_weights(f"{host}/stalled.pth", watch)
    assert not _Server.slow.is_set()  # the server had not gone on
    assert "stalled.pth" not in checkpoints(tmp_path)
