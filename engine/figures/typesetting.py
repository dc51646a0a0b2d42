"""LaTeX as a program that must not be trusted: it reads nothing it was not given, ends in time, and is checked."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.protocol.failures import EngineError
from engine.watch import Watch

# LuaLaTeX can write files anywhere even without a shell; nothing in our documents asks it to (see `to_tex`)
ENGINES = ("xelatex", "lualatex", "pdflatex")
_FLAGS = ("-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error")
_ENVIRONMENT = {"openin_any": "p", "openout_any": "p", "shell_escape": "f", "max_print_line": "1000"}
_LOOK_EVERY = 0.05  # seconds, at the clock and for Stop
_MISSING = re.compile(r"Missing character: There is no .*?\((?:U\+)?([0-9A-F]+)\)", re.I)

TIME_LIMIT = 180.0  # seconds; LuaLaTeX lists all fonts the first time it runs


@dataclass(frozen=True)
class Typeset:
    """A whole PDF, and what the log says is lacking in it."""

    pdf: bytes
    engine: str
    missing: tuple[str, ...]  # code points no font had, e.g. U+1F680


def engines_found() -> tuple[str, ...]:
    """The LaTeX programs of this machine, the one to take first."""
    return tuple(engine for engine in ENGINES if shutil.which(engine))


def typeset(
    text: str,
    pictures: Mapping[str, bytes],
    watch: Watch,
    time_limit: float = TIME_LIMIT,
    first: str = ENGINES[0],
) -> Typeset:
    """The document as PDF, by `first` or another engine that can. Raises EngineError and Stopped."""
    found = sorted(engines_found(), key=lambda engine: engine != first)
    if not found:
        raise EngineError("No LaTeX was found: none of " + ", ".join(ENGINES) + " is on the PATH.", "figure_failed")
    failures = []
    for engine in found:
        try:
            return _typeset_by(engine, text, pictures, watch, time_limit)
        except EngineError as failure:
            if failure.kind != "figure_failed":
                raise
            failures.append(failure)
    raise failures[0]


def _typeset_by(engine: str, text: str, pictures: Mapping[str, bytes], watch: Watch, time_limit: float) -> Typeset:
    try:
        with tempfile.TemporaryDirectory(prefix="lxt-figure-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            (folder / "figure.tex").write_text(text, encoding="utf-8")
            for picture, data in pictures.items():
                (folder / picture).write_bytes(data)
            code = _run(engine, folder, watch, time_limit)
            log = _read(folder / "figure.log").decode("utf-8", "replace")
            pdf = _read(folder / "figure.pdf")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise EngineError("The disk with the temporary folder is full.", "disk_full") from error
        raise EngineError(f"{engine} could not be run: {error.strerror or error}.", "figure_failed") from error
    if code != 0:
        complaint = first_error(log) or f"exit code {code}, without a word"
        raise EngineError(f"{engine} failed: {complaint}", "figure_failed")
    if not is_whole_pdf(pdf):
        raise EngineError(f"{engine} wrote a PDF that is cut off; is the disk full?", "figure_failed")
    missing = dict.fromkeys(f"U+{point.upper():0>4}" for point in _MISSING.findall(log))
    return Typeset(pdf, engine, tuple(missing))


def _run(engine: str, folder: Path, watch: Watch, time_limit: float) -> int:
    """The exit code. However this ends, no process of the engine is left behind."""
    process = subprocess.Popen(
        [engine, *_FLAGS, "figure.tex"],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    ends = time.monotonic() + time_limit
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK_EVERY)
            watch.check()
            if time.monotonic() > ends:
                raise EngineError(f"{engine} did not finish within {time_limit:.0f} seconds.", "figure_failed")
    finally:
        _kill_group(process)
        process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the engine and the programs it started (XeTeX writes its PDF through another)."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def first_error(log: str) -> str:
    """The first complaint in a LaTeX log, on one line; empty where there is none."""
    lines = log.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("!"):
            where = next((later for later in lines[place + 1 : place + 12] if re.match(r"l\.\d+", later)), "")
            return " ".join(f"{line[1:].strip()} {where}".split())[:300]
    return ""


def is_whole_pdf(data: bytes) -> bool:
    """Whether the file begins and ends as a PDF does: on a full disk LaTeX may report success with half of one."""
    tail = data[-1024:]
    return data.startswith(b"%PDF-") and b"startxref" in tail and tail.rstrip().endswith(b"%%EOF")


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
