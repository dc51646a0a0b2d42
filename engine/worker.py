"""The model's worker process: `lxt-inspector worker`. It hears requests on stdin and says events on stdout, in frames.

1. Before anything else is imported, the frames get file descriptors of their own; fd 0 becomes empty and fd 1 becomes
   stderr, so that whatever a library reads, prints or writes from C, the stream stays whole.
2. A thread hears from then on. If stdin ends, the window is gone, and so is the worker, whatever it was doing.
3. The main thread imports torch, greets, and answers for ever. What somebody waits for goes no later than other work on
   the machine; only a spare starts behind it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import BinaryIO, NoReturn

from engine.protocol.failures import ProtocolError
from engine.protocol.frames import SPARE, TO_WORKER_LIMIT, FrameReader, to_worker
from engine.runs import Runs, Voice

_CHUNK = 1 << 20  # bytes read at a time
_NICENESS = 10  # of a spare's start
_NEWS_AFTER = 10.0  # seconds of a slow start
_PR_SET_PDEATHSIG = 1

if sys.platform == "win32":
    import msvcrt


def main() -> NoReturn:
    """Be the model's worker until stdin ends."""
    voice, runs = begin()
    session = imported("engine.session", is_spare=SPARE in os.environ)  # torch: seconds, in which stdin may already end
    session.leave_a_core()
    here = session.Session()
    gc.freeze()  # a million objects that stay: the collector need not look at them again
    voice.greet(session.greeting())
    runs.answer(here.answer, here.is_light, here.warm_up)


def begin(before_leaving: Callable[[], None] = lambda: None) -> tuple[Voice, Runs]:
    """Hear and speak in frames from now on.

    `before_leaving` is called, from another thread, when the window is gone.
    """
    hearing, speaking = _take_over_streams()
    _belong_to_parent()
    voice = Voice(speaking)
    runs = Runs(voice)
    threading.Thread(target=_hear, args=(hearing, runs, before_leaving), name="hearing", daemon=True).start()
    return voice, runs


def imported(module: str, is_spare: bool) -> ModuleType:
    """The module. A spare imports it behind all other work, in a thread: Linux keeps that apart from what comes later.

    Nobody may take niceness back, and by then somebody waits.
    """
    done = threading.Event()
    threading.Thread(target=_tell_of_imports, args=(done,), name="telling", daemon=True).start()
    try:
        if is_spare and sys.platform == "linux":
            behind = threading.Thread(target=_import_behind_others, args=(module,), name="importing")
            behind.start()
            behind.join()
        return import_module(module)
    finally:
        done.set()


def _import_behind_others(module: str) -> None:
    os.nice(_NICENESS)
    import_module(module)


def _tell_of_imports(done: threading.Event) -> None:
    """Say in the log of a slow start how far it is: the window waits as long as it hears something."""
    known = 0
    while not done.wait(_NEWS_AFTER):
        if len(sys.modules) > known:
            known = len(sys.modules)
            print(f"Starting: {known} modules are imported.", file=sys.stderr, flush=True)


def _take_over_streams() -> tuple[int, BinaryIO]:
    """Descriptors for the frames that only this process knows; children do not inherit them."""
    hearing, speaking = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        for descriptor in (hearing, speaking):
            msvcrt.setmode(descriptor, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    return hearing, os.fdopen(speaking, "wb")


def _belong_to_parent() -> None:
    """Leave Ctrl+C in a terminal to the window, and do not outlive it."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # For a computation that holds the interpreter's lock, in which the end of stdin goes unheard.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _hear(descriptor: int, runs: Runs, before_leaving: Callable[[], None]) -> None:
    """Hand on what the window says; end the process when it says no more, or nothing that can be understood."""
    reader = FrameReader(TO_WORKER_LIMIT)
    code, why = 0, ""
    try:
        while data := os.read(descriptor, _CHUNK):
            for payload in reader.feed(data):
                runs.hear(to_worker(payload))
        reader.finish()
    except ProtocolError as error:
        code, why = 2, f"The window cannot be understood. {error}"
    except OSError as error:
        code, why = 1, f"The window cannot be heard ({error})."
    before_leaving()
    _leave(code, why)


def _leave(code: int, why: str) -> NoReturn:
    """End the process now: no clean-up, which a computation would hold up."""
    if why:
        print(why, file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main()
