"""LaTeX as a program that must not be trusted: it reads nothing it was not given, ends in time, and is checked."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.leftovers import clear_away, prefix
from engine.protocol.failures import EngineError, Stopped
from engine.watch import Watch

# LuaLaTeX can write files anywhere even without a shell; nothing in our documents asks it to (see `to_tex`)
ENGINES = ("xelatex", "lualatex", "pdflatex")
_FLAGS = ("-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error")
_ENVIRONMENT = {"openin_any": "p", "openout_any": "p", "shell_escape": "f", "max_print_line": "1000"}
_LOOK_EVERY = 0.05  # seconds, at the clock and for Stop
# Complaints about what is installed, not about the document
_LACKING = re.compile(r"not found|can'?t (find|be found)|cannot be found|not loadable|no fontspec|fatal|requires", re.I)
_MISSING = re.compile(r"Missing character: There is no .*?\((?:U\+)?([0-9A-F]+)\)", re.I)

_PR_SET_PDEATHSIG = 1

TIME_LIMIT = 180.0  # seconds; LuaLaTeX lists all fonts the first time it runs

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_starting = threading.Lock()
_at_work: dict[subprocess.Popen[bytes], Path] = {}  # with the folder each works in
_abandoned = threading.Event()


class UnusableEngine(EngineError):
    """A LaTeX that could not set any document: it is not whole, does not end, or was ended."""

    kind = "figure_failed"


@dataclass(frozen=True)
class Typeset:
    """A whole PDF, and what the log says is lacking in it."""

    pdf: bytes
    engine: str
    missing: tuple[str, ...]  # code points no font had, e.g. U+1F680
    instead: str = ""  # of which other engine, which was to come first: what became of it


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
    """The document as PDF, by `first` or another engine that can. Raises EngineError and Stopped.

    UnusableEngine is raised where no engine said that anything is wrong with the document.
    """
    clear_away(Path(tempfile.gettempdir()))
    found = sorted(engines_found(), key=lambda engine: engine != first)
    if not found:
        raise EngineError("No LaTeX was found: none of " + ", ".join(ENGINES) + " is on the PATH.", "figure_failed")
    failures: list[EngineError] = []
    for engine in found:
        try:
            made = _typeset_by(engine, text, pictures, watch, time_limit)
            return replace(made, instead=str(failures[0])) if failures else made
        except EngineError as failure:
            if failure.kind != "figure_failed":
                raise
            failures.append(failure)
    raise next((failure for failure in failures if not isinstance(failure, UnusableEngine)), failures[0])


def abandon() -> None:
    """End the engines at work with all they wrote, and start no others: the process is about to end."""
    _abandoned.set()
    with _starting:
        for process, folder in _at_work.items():
            _kill_group(process)
            shutil.rmtree(folder, ignore_errors=True)


def _typeset_by(engine: str, text: str, pictures: Mapping[str, bytes], watch: Watch, time_limit: float) -> Typeset:
    try:
        with tempfile.TemporaryDirectory(prefix=prefix("figure"), ignore_cleanup_errors=True) as name:
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
        raise UnusableEngine(f"{engine} could not be run: {error.strerror or error}.") from error
    if code != 0:
        complaint = first_error(log)
        if complaint and not _LACKING.search(complaint):
            raise EngineError(f"{engine} failed: {complaint}", "figure_failed")
        ended = f"it was ended by signal {-code}" if code < 0 else f"exit code {code}, without a word"
        raise UnusableEngine(f"{engine} failed: {complaint or ended}")
    if not is_whole_pdf(pdf):
        raise UnusableEngine(f"{engine} wrote a PDF that is cut off; is the disk full?")
    missing = dict.fromkeys(f"U+{point.upper():0>4}" for point in _MISSING.findall(log))
    return Typeset(pdf, engine, tuple(missing))


def _run(engine: str, folder: Path, watch: Watch, time_limit: float) -> int:
    """The exit code. However this ends, no process of the engine is left behind."""
    with _starting:
        if _abandoned.is_set():
            raise Stopped
        process = subprocess.Popen(
            [engine, *_FLAGS, "figure.tex"],
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_us if _libc else None,
        )
        _at_work[process] = folder
    ends = time.monotonic() + time_limit
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK_EVERY)
            watch.check()
            if time.monotonic() > ends:
                raise UnusableEngine(f"{engine} did not finish within {time_limit:.0f} seconds.")
    finally:
        _kill_group(process)
        process.wait()
        with _starting:
            del _at_work[process]


def _end_with_us() -> None:
    """Have the engine killed where this process is, which then ends nothing itself."""
    assert _libc is not None
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


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
