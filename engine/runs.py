"""The worker's runs: they wait, they are answered one after another, and each ends exactly once.

What is light does not wait: it is answered between two blocks of the run that computes, where that one looks up to
hear whether it is to stop. One thread answers everything, so models and tokenizers are never used by two at once.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Condition, Lock
from typing import BinaryIO, NoReturn, TypeVar, assert_never

from msgspec import structs

from engine.protocol.failures import EngineError, ProtocolError, Stopped
from engine.protocol.frames import Ask, Hello, Said, Stop, ToWorker, frame
from engine.protocol.messages import Cancelled, Ending, Event, Failed, Phase, Progress, Request
from engine.protocol.redaction import redacted
from engine.watch import TokensSoFar, Watch

Result = TypeVar("Result")
Answer = Callable[[Request, Watch], Ending]
IsLight = Callable[[Request], bool]  # whether it is answered at once and needs nothing that another run is using

PROGRESS_INTERVAL = 1 / 30  # seconds between two reports: more than an eye can follow
IDLE_AFTER = 0.5  # seconds without a first run before there is time for other things


class Voice:
    """Says frames, whole and in order, from any thread. When nobody listens any more, the process ends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._speaking = Lock()

    def greet(self, hello: Hello) -> None:
        self._write(frame(hello))

    def say(self, run: int, event: Event) -> None:
        self._write(frame(Said(run, event)))

    def _write(self, data: bytes) -> None:
        try:
            with self._speaking:
                self._stream.write(data)
                self._stream.flush()
        except OSError as error:
            print(f"Nobody hears the worker any more ({error}).", file=sys.stderr, flush=True)
            os._exit(1)


class Runs:
    """What was asked and has not ended. One thread hears, another answers."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._changed = Condition()
        self._waiting: deque[Ask] = deque()
        self._running: int | None = None
        self._stopped = False  # the running one

    def hear(self, message: ToWorker) -> None:
        """Take an ask into the queue, or stop a run: one that waits ends here, one that runs at its next block."""
        match message:
            case Ask():
                with self._changed:
                    self._waiting.append(message)
                    self._changed.notify()
            case Stop(run):
                if self._leaves_queue(run):
                    self._voice.say(run, Cancelled())
            case _:
                assert_never(message)

    def answer(
        self,
        answer: Answer,
        is_light: IsLight = lambda request: False,
        idle: Callable[[Watch], None] | None = None,
    ) -> NoReturn:
        """Answer for ever. `idle` is called if nobody asks at first, with a watch that stops it when somebody does."""
        if idle is not None and not self._is_asked_within(IDLE_AFTER):
            _attempt(lambda: idle(Watch(cancelled=self._is_asked)))
        while True:
            self.answer_next(answer, is_light)

    def answer_next(self, answer: Answer, is_light: IsLight) -> None:
        """Wait for an ask, answer it and say how it ended."""
        ask = self._next()
        progress = _Progress(self._voice, ask.run)

        def is_stopped() -> bool:
            self._answer_light(answer, is_light)
            return self._stopped

        ending = _attempt(lambda: answer(ask.request, Watch(progress.report, is_stopped, progress.hear)))
        progress.flush()
        with self._changed:
            self._running = None
        self._end(ask.run, ending)

    def _answer_light(self, answer: Answer, is_light: IsLight) -> None:
        """Answer, in the middle of the running run, what waits and is light."""
        while (ask := self._next_light(is_light)) is not None:
            self._end(ask.run, _attempt(partial(answer, ask.request, Watch())))

    def _end(self, run: int, ending: Ending) -> None:
        try:
            self._voice.say(run, ending)
        except ProtocolError as error:
            self._voice.say(run, failure(error))

    def _next(self) -> Ask:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            ask = self._waiting.popleft()
            self._running, self._stopped = ask.run, False
        return ask

    def _next_light(self, is_light: IsLight) -> Ask | None:
        with self._changed:
            ask = next((ask for ask in self._waiting if is_light(ask.request)), None)
            if ask is not None:
                self._waiting.remove(ask)
        return ask

    def _leaves_queue(self, run: int) -> bool:
        """True where the run was waiting and waits no longer."""
        with self._changed:
            if run == self._running:
                self._stopped = True
                return False
            staying = [ask for ask in self._waiting if ask.run != run]
            left = len(staying) < len(self._waiting)
            self._waiting = deque(staying)
        return left

    def _is_asked(self) -> bool:
        return bool(self._waiting)

    def _is_asked_within(self, seconds: float) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(self._is_asked, seconds))


class _Progress:
    """Hands on a run's progress at a pace an eye can follow; the first and last report of a phase always."""

    def __init__(self, voice: Voice, run: int) -> None:
        self._voice = voice
        self._run = run
        self._phase: str | None = None
        self._said_at = 0.0
        self._held: Progress | None = None
        self._said: TokensSoFar = tuple

    def hear(self, said: TokensSoFar) -> None:
        """Tell with the next report what the model has said."""
        self._said = said

    def report(self, phase: Phase, done: int, total: int) -> None:
        progress = Progress(phase, done, total)
        if progress.phase != self._phase:
            self.flush()
            self._phase = progress.phase
            self._say(progress)
        elif progress.done == progress.total or time.monotonic() - self._said_at >= PROGRESS_INTERVAL:
            self._say(progress)
        else:
            self._held = progress

    def flush(self) -> None:
        if self._held is not None:
            self._say(self._held)

    def _say(self, progress: Progress) -> None:
        self._held = None
        self._said_at = time.monotonic()
        self._voice.say(self._run, structs.replace(progress, said=self._said()))


def _attempt(action: Callable[[], Result]) -> Result | Cancelled | Failed:
    """What the action returns, or how it failed: whatever it raises, the worker lives on."""
    try:
        return action()
    except Stopped:
        return Cancelled()
    except BaseException as error:  # also pyo3's PanicException and a library's sys.exit
        return failure(error)


def failure(error: BaseException) -> Failed:
    """What went wrong, for people and for the log."""
    details = _sayable("".join(traceback.format_exception(error)))
    if isinstance(error, EngineError):
        return Failed(error.kind, _sayable(str(error)), details)
    if _is_out_of_memory(error):
        message = "There is not enough memory for this. A shorter prompt, a smaller model or dtype, or gradient "
        return Failed("out_of_memory", message + "checkpointing needs less.", details)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" ({_sayable(str(error.filename))})" if error.filename else ""
        return Failed("disk_full", f"The disk is full{where}: make room and try again.", details)
    summary = _sayable(traceback.format_exception_only(error)[-1].strip())
    return Failed("internal", f"Something went wrong that should not: {summary}. The log says where.", details)


def _is_out_of_memory(error: BaseException) -> bool:
    # torch's classes by name: this module has to be there before torch is. Its CPU allocator raises RuntimeError.
    names = {kind.__name__ for kind in type(error).__mro__}
    return not names.isdisjoint({"MemoryError", "OutOfMemoryError"}) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def _sayable(text: str) -> str:
    """`text` without secrets and the lone surrogates that undecodable file names bring and frames refuse."""
    return redacted(text).encode("utf-8", "backslashreplace").decode("utf-8")
