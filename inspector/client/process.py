"""One worker process: its frames as signals, and how it ended in a sentence."""

from __future__ import annotations

import codecs
import os
import signal
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import assert_never

from PySide6.QtCore import QElapsedTimer, QObject, QProcess, QProcessEnvironment, Qt, QTimer, Signal

from engine.protocol.failures import FailureKind, ProtocolError
from engine.protocol.frames import (
    FROM_WORKER_LIMIT,
    HELLO_LIMIT,
    PROTOCOL,
    SPARE,
    FrameReader,
    Hello,
    Payload,
    Said,
    from_worker,
)
from engine.protocol.redaction import redacted
from inspector.client.log_lines import LogLines

# glibc's allocator never merges the scraps that torch's aligned tensors leave in its caches, and so cannot use again
# the room of freed ones: a forward pass took twice the memory that its tensors have. What has been freed stays with
# the worker until it lets go of a model: to be given pages anew for every run costs a tenth of the run.
_TUNABLES = ("mxfast=0", "tcache_count=0", f"mmap_threshold={2**25}", f"trim_threshold={2**30}")
WORKER_ENVIRONMENT = {"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{tunable}" for tunable in _TUNABLES)}

_AT_ONCE = 256 * 1024  # bytes that are handed to Qt, which copies them
_TAIL = 4000  # characters of stderr remembered for the sentence, and bytes of garbage told to the log


@dataclass(frozen=True)
class End:
    """How a worker ended, for people. After a `final` one another try would end the same way.

    An `untried` one was a spare that took over and said nothing since: it may have been lost before that.
    """

    kind: FailureKind
    message: str
    final: bool = False
    untried: bool = False


class WorkerProcess(QObject):
    """A process that speaks frames. It ends once, with `ended`, unless it was told to go; then it is silent.

    While it starts it may say nothing for `start_limit` milliseconds, each time.
    """

    greeted = Signal(object)  # Hello
    said = Signal(int, object)  # run, Event
    logged = Signal(str)
    ended = Signal(object)  # End

    def __init__(self, command: list[str], start_limit: int, parent: QObject, *, is_spare: bool = False) -> None:
        super().__init__(parent)
        self._command = command
        self._hello: Hello | None = None
        self._over = False
        self._reader = FrameReader(HELLO_LIMIT)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines = LogLines()
        self._tail = ""
        self._unsent: deque[memoryview] = deque()
        self._age = QElapsedTimer()
        self._start_limit = QTimer(self, singleShot=True, interval=start_limit)
        self._start_limit.timeout.connect(self._on_start_limit)
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_environment(is_spare))
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_log)
        self._process.bytesWritten.connect(self._send_on)
        self._process.finished.connect(self._on_finished)
        # Queued: Qt may know at once that there is no such program, but nothing ends before start() has returned.
        self._process.errorOccurred.connect(self._on_error, Qt.ConnectionType.QueuedConnection)

    @property
    def hello(self) -> Hello | None:
        """What the worker said of itself; None until it has."""
        return self._hello

    @property
    def age(self) -> int:
        """Milliseconds since the start."""
        return self._age.elapsed()

    def start(self) -> None:
        self._age.start()
        self._start_limit.start()
        self._process.start(self._command[0], self._command[1:])

    def set_start_limit(self, limit: int) -> None:
        """Wait that long, from now on, for something to be heard of its start."""
        if self._start_limit.isActive():
            self._start_limit.start(limit)

    def send(self, frame: tuple[bytes, ...]) -> None:
        """Send a frame, given in pieces, as fast as the worker takes it."""
        if not self._over:
            self._unsent.extend(memoryview(piece) for piece in frame)
            self._send_on()

    def wake(self) -> None:
        """Let a process go on that a signal stopped; one that runs does not notice."""
        if not self._over and self._process.processId() and hasattr(signal, "SIGCONT"):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self._process.processId(), signal.SIGCONT)

    def let_go(self) -> None:
        """Close its stdin, at which a worker ends. Nothing more is heard of it."""
        self._be_over()
        self._process.closeWriteChannel()

    def kill(self) -> None:
        """End it at once. Nothing more is heard of it."""
        self._be_over()
        self._process.kill()

    def has_ended_within(self, limit: int) -> bool:
        """Wait, at most `limit` milliseconds, for the end. Only for when the program itself is ending."""
        return self._process.state() is QProcess.ProcessState.NotRunning or self._process.waitForFinished(limit)

    def _be_over(self) -> None:
        self._over = True
        self._unsent.clear()
        self._start_limit.stop()

    def _send_on(self) -> None:
        """Hand over what fits: to hand a large picture over at once would hold the window up."""
        while self._unsent and self._process.bytesToWrite() < _AT_ONCE:
            piece = self._unsent.popleft()
            self._process.write(bytes(piece[:_AT_ONCE]))
            if len(piece) > _AT_ONCE:
                self._unsent.appendleft(piece[_AT_ONCE:])

    def _end(self, end: End) -> None:
        if not self._over:
            self.kill()
            self.ended.emit(replace(end, message=redacted(end.message)))

    def _on_output(self) -> None:
        data = bytes(self._process.readAllStandardOutput().data())
        if self._over:
            return
        try:
            for payload in self._reader.feed(data):
                self._hear(payload)
        except ProtocolError as error:
            self._log(redacted(f"The worker said, where it cannot be understood: {data[:_TAIL]!r}\n"))
            self._end(End("protocol", f"The worker cannot be understood. {error}", final=self._hello is None))

    def _hear(self, payload: Payload) -> None:
        message = from_worker(payload)
        match message:
            case Hello() if self._hello is None:
                self._greet(message)
            case Said(run, event) if self._hello is not None:
                if not self._over:
                    self.said.emit(run, event)
            case Hello() | Said():
                raise ProtocolError(f"It said {type(message).__name__} where that has no place.")
            case _:
                assert_never(message)

    def _greet(self, hello: Hello) -> None:
        if hello.protocol != PROTOCOL:
            message = (
                f"The worker speaks protocol {hello.protocol} and this window {PROTOCOL}: install the same version"
            )
            self._end(End("protocol", f"{message} of lxt-inspector on both sides.", final=True))
            return
        self._start_limit.stop()
        self._hello = hello
        self._reader.limit = FROM_WORKER_LIMIT
        self.greeted.emit(hello)

    def _on_log(self) -> None:
        text = self._decoder.decode(bytes(self._process.readAllStandardError().data()))
        self._tail = (self._tail + text)[-_TAIL:]
        self._log(self._lines.feed(text))

    def _log(self, text: str) -> None:
        if text and not self._over:
            self._be_patient()
            self.logged.emit(text)

    def _be_patient(self) -> None:
        """It gets on: wait as long again."""
        if self._start_limit.isActive():
            self._start_limit.start()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            command = " ".join(self._command)
            why = self._process.errorString()
            self._end(End("protocol", f"The worker's command “{command}” cannot be started: {why}.", final=True))
            self.deleteLater()

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_log()
        self._log(self._lines.finish())
        self._end(End("worker_died", self._how_it_ended(code, status)))
        self.deleteLater()

    def _on_start_limit(self) -> None:
        seconds = self._start_limit.interval() / 1000
        message = (
            f"The worker said nothing for {seconds:g} s of its start and was ended; Preferences has how long to wait."
        )
        self._end(End("worker_died", message + self._last_words(), final=True))

    def _how_it_ended(self, code: int, status: QProcess.ExitStatus) -> str:
        when = "" if self._hello else " while it was starting"
        if status is QProcess.ExitStatus.NormalExit:
            return f"The worker ended{when}, with exit code {code}.{self._last_words()}"
        if code == signal.SIGTERM or code == getattr(signal, "SIGKILL", None):
            return f"The worker was killed{when}. If memory was short, it was the system that did it."
        return f"The worker crashed{when} (signal {code}). The log may say where."

    def _last_words(self) -> str:
        lines = self._tail.split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" Its last words: {last.rstrip('.')}." if last else ""


def _environment(is_spare: bool) -> QProcessEnvironment:
    """What the worker finds: our environment, with what it lacks of its own."""
    environment = QProcessEnvironment.systemEnvironment()
    if is_spare:
        environment.insert(SPARE, "1")
    for name, value in WORKER_ENVIRONMENT.items():
        if not environment.contains(name):
            environment.insert(name, value)
    return environment
