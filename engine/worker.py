"""The model's worker process: `lxt-inspector worker`. It hears requests on stdin and says events on stdout, in frames.

1. Before anything else is imported, the frames get file descriptors of their own; fd 0 becomes empty and fd 1 becomes
   stderr, so that whatever a library reads, prints or writes from C, the stream stays whole.
2. A thread hears from then on. If stdin ends, the window is gone, and so is the worker, whatever it was doing.
3. The main thread imports torch, greets, and answers for ever.
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
from typing import BinaryIO, NoReturn

from engine.protocol.failures import ProtocolError
from engine.protocol.frames import TO_WORKER_LIMIT, FrameReader, to_worker
from engine.runs import Runs, Voice

_CHUNK = 1 << 20  # bytes read at a time
_NICENESS = 10  # the window goes first, then its figures
_PR_SET_PDEATHSIG = 1

if sys.platform == "win32":
    import msvcrt


def main() -> NoReturn:
    """Be the model's worker until stdin ends."""
    voice, runs = begin(_NICENESS)
    session = import_module("engine.session")  # brings torch: seconds, in which stdin may already end
    session.leave_a_core()
    here = session.Session()
    gc.freeze()  # a million objects that stay: the collector need not look at them again
    voice.greet(session.greeting())
    runs.answer(here.answer, here.is_light, here.warm_up)


def begin(niceness: int, before_leaving: Callable[[], None] = lambda: None) -> tuple[Voice, Runs]:
    """Hear and speak in frames from now on, as a process that goes after the window.

    `before_leaving` is called, from another thread, when the window is gone.
    """
    hearing, speaking = _take_over_streams()
    _step_back(niceness)
    voice = Voice(speaking)
    runs = Runs(voice)
    threading.Thread(target=_hear, args=(hearing, runs, before_leaving), name="hearing", daemon=True).start()
    return voice, runs


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


def _step_back(niceness: int) -> None:
    """Leave the processor to the window, Ctrl+C in a terminal too, and do not outlive the parent."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(niceness)
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
