"""Keeps one worker at work and, when there is time and memory, a spare that has already started."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from engine.protocol.frames import Hello
from engine.protocol.messages import Event
from inspector.client.memory import available_bytes
from inspector.client.process import End, WorkerProcess

MOST_FAILURES = 3  # workers that may fail one after another before no more are tried
QUICK = 60_000  # ms; a worker that lived longer is no part of a row of failures
SPARE_DELAY = 1_000  # ms without work before a spare is started
SPARE_NEEDS = 2 * 1024**3  # bytes of free memory

_GRACE = 1.0  # seconds in which a worker may end by itself when the program does
_KILL_GRACE = 0.5  # seconds more for the system to end those that do not


class WorkerSupply(QObject):
    """Owns the processes. The current one is heard; the spare waits, and takes over when the current one is lost."""

    greeted = Signal(object)  # Hello: there is a current worker, and it is ready
    said = Signal(int, object)  # run, Event
    logged = Signal(str)
    lost = Signal(object)  # End of the current worker; a `final` one means that no other should be started

    def __init__(self, command: list[str], spare: bool, start_limit: int, parent: QObject) -> None:
        super().__init__(parent)
        self._command = command
        self._wants_spare = spare
        self._start_limit = start_limit
        self._current: WorkerProcess | None = None
        self._spare: WorkerProcess | None = None
        self._is_untried = False  # the current one: it was the spare, and has answered nothing yet
        self._failures = 0
        self._spare_failures = 0
        self._has_time = False
        self._idle = QTimer(self, singleShot=True, interval=SPARE_DELAY)
        self._idle.timeout.connect(self._start_spare)

    @property
    def has_spare(self) -> bool:
        """Whether a spare has started and waits."""
        return self._spare is not None and self._spare.hello is not None

    @property
    def hello(self) -> Hello | None:
        """What the current worker said of itself."""
        return self._current.hello if self._current else None

    def start(self) -> None:
        """Have a current worker: the spare, wherever it is in its start, or a new one."""
        if self._current is not None:
            return
        self._is_untried = self._spare is not None
        if self._spare is not None:
            self._current, self._spare = self._spare, None
            self._current.wake()
            self._current.greeted.disconnect(self._on_spare_greeted)
            self._current.ended.disconnect(self._on_spare_ended)
        else:
            self._current = self._new_process(is_spare=False)
        self._current.greeted.connect(self.greeted)
        self._current.said.connect(self._on_said)
        self._current.ended.connect(self._on_ended)
        if self._current.hello is not None:
            self.greeted.emit(self._current.hello)

    def send(self, frame: tuple[bytes, ...]) -> None:
        """Send a frame, given in pieces, to the current worker."""
        if self._current is not None:
            self._current.send(frame)

    def wake(self) -> None:
        """Let the current worker go on where somebody stopped its process."""
        if self._current is not None:
            self._current.wake()

    def drop(self) -> None:
        """End the current worker, which does not listen any more."""
        if self._current is not None:
            self._current.kill()
            self._current = None

    def trust(self) -> None:
        """The current worker did something right: whatever failed before is forgiven."""
        self._failures = 0

    def forgive(self) -> None:
        """Somebody wants it tried again."""
        self._failures = self._spare_failures = 0

    def set_start_limit(self, limit: int) -> None:
        """Wait `limit` milliseconds for a worker that starts and says nothing, also for one on its way."""
        self._start_limit = limit
        for process in (self._current, self._spare):
            if process is not None:
                process.set_start_limit(limit)

    def set_idle(self, idle: bool) -> None:
        """There is time for starting a spare, or not."""
        self._has_time = idle
        if not idle:
            self._idle.stop()
        elif self._may_start_spare:
            self._idle.start()

    def expect_loss(self) -> None:
        """The current worker may have to be dropped soon: start a spare now, where there is none."""
        if self._may_start_spare:
            self._start_spare()

    def close(self) -> None:
        """End all processes, in at most 1.5 s, also those that were being ended already."""
        self._idle.stop()
        self._current = self._spare = None
        processes = self.findChildren(WorkerProcess)
        for process in processes:
            process.let_go()
        remaining = _until(processes, time.monotonic() + _GRACE)
        for process in remaining:
            process.kill()
        _until(remaining, time.monotonic() + _KILL_GRACE)

    @property
    def _may_start_spare(self) -> bool:
        return self._wants_spare and self._spare is None and self._spare_failures < MOST_FAILURES

    def _new_process(self, is_spare: bool) -> WorkerProcess:
        process = WorkerProcess(self._command, self._start_limit, self, is_spare=is_spare)
        process.logged.connect(self.logged)
        process.start()
        return process

    def _start_spare(self) -> None:
        available = available_bytes()
        if self._spare is not None or (available is not None and available < SPARE_NEEDS):
            return
        self._spare = self._new_process(is_spare=True)
        self._spare.greeted.connect(self._on_spare_greeted)
        self._spare.ended.connect(self._on_spare_ended)

    def _on_said(self, run: int, event: Event) -> None:
        self._is_untried = False
        self.said.emit(run, event)

    def _on_ended(self, end: End) -> None:
        if self._is_untried and self.hello is not None:  # no failure: it may have been lost together with the other
            self._current = None
            self.lost.emit(replace(end, untried=True))
            return
        quick = self._current is not None and self._current.age < QUICK
        self._failures = self._failures + 1 if quick else 1
        self._current = None
        if self._failures >= MOST_FAILURES and not end.final:
            message = f"{end.message} {self._failures} workers in a row ended like this, so no other was started."
            end = End(end.kind, message, final=True)
        self.lost.emit(end)

    def _on_spare_greeted(self, hello: Hello) -> None:
        self._spare_failures = 0

    def _on_spare_ended(self, end: End) -> None:
        self.logged.emit(f"This was the spare: {end.message}\n")
        if self._spare is not None and self._spare.hello is None:
            self._spare_failures += 1
        self._spare = None
        self.set_idle(self._has_time)


def _until(processes: list[WorkerProcess], deadline: float) -> list[WorkerProcess]:
    """Those that have not ended at the deadline."""
    return [p for p in processes if not p.has_ended_within(max(1, int((deadline - time.monotonic()) * 1000)))]
