"""Brings published weights of a named architecture into torch's own folder for them, or finds them there."""

from __future__ import annotations

import errno
import hashlib
import re
import threading
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from uuid import uuid4

import torch

from engine.protocol.failures import EngineError, ModelError
from engine.watch import Watch

_LOOK_AGAIN = 0.1  # seconds between two looks at a download
_PATIENCE = 20  # seconds without a byte after which a connection is lost
_AT_ONCE = 1 << 18  # bytes

_DIGEST = re.compile(r"-([0-9a-f]{8,})\.")  # in a file's name: how the SHA-256 of its bytes begins


def fetch_weights(url: str, watch: Watch) -> Path:
    """The file of weights at `url`, downloaded where it is not there yet. Raises EngineError; Stopped."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
    if not file.is_file():
        _Download(url, file).run(watch)
    return file


class _Download:
    """One download in a thread of its own, so that it can be left at once however slow the network is."""

    def __init__(self, url: str, file: Path) -> None:
        self._url, self._file = url, file
        self._done = self._total = 0
        self._left = threading.Event()
        self._error: BaseException | None = None

    def run(self, watch: Watch) -> None:
        thread = threading.Thread(target=self._work, name="download", daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(_LOOK_AGAIN)
                watch.step("download", self._done, self._total)
        finally:
            self._left.set()
        if self._error is not None:
            raise self._failure(self._error) from self._error

    def _work(self) -> None:
        part = self._file.with_name(f"{self._file.name}.{uuid4().hex[:8]}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._bring(part)
        except BaseException as error:  # handed over to the thread that waits
            self._error = error
        finally:
            part.unlink(missing_ok=True)

    def _bring(self, part: Path) -> None:
        """Downloads into `part`, and makes that the file once it is complete and its digest is right."""
        digest = hashlib.sha256()
        with urllib.request.urlopen(self._url, timeout=_PATIENCE) as answer, part.open("wb") as file:
            self._total = int(answer.headers.get("Content-Length") or 0)
            while data := answer.read(_AT_ONCE):
                if self._left.is_set():
                    return
                digest.update(data)
                file.write(data)
                self._done += len(data)
        if self._done < self._total:
            raise ConnectionError("the connection was lost before the file was complete")
        expected = _DIGEST.search(self._file.name)
        if expected and not digest.hexdigest().startswith(expected[1]):
            raise ModelError(
                f"What came as “{self._file.name}” is not that file: its SHA-256 does not begin with {expected[1]}. "
                "Try again, or download it elsewhere and give its path as weights.",
                "model_damaged",
            )
        part.replace(self._file)

    def _failure(self, error: BaseException) -> BaseException:
        host = urlsplit(self._url).netloc
        match error:
            case HTTPError():
                return ModelError(
                    f"{host} answered with error {error.code} when asked for “{self._file.name}”.", "offline"
                )
            case OSError(errno=errno.ENOSPC | errno.EDQUOT):
                return EngineError(
                    f"The disk is full: “{self._file.name}” could not be downloaded to {self._file.parent}. Make room "
                    "there, or set TORCH_HOME to a folder on another disk.",
                    "disk_full",
                )
            case PermissionError():
                return EngineError(f"{self._file.parent} may not be written to: set TORCH_HOME to another folder.")
            case OSError():
                return ModelError(
                    f"“{self._file.name}” is not on this machine, and {host} cannot be reached. Check the connection, "
                    "or give the path of a file as weights.",
                    "offline",
                )
            case _:
                return error
