"""One run at a time, from the question to its one ending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from engine.protocol.messages import Cancelled, Ending, Event, Failed, Progress, Request


class Worker(Protocol):
    """The client, as far as a conversation needs it."""

    said: Any  # Signal(int, object): run number, event
    state_changed: Any  # Signal(object): WorkerState
    greeted: Any  # Signal(object): Hello

    @property
    def trouble(self) -> str: ...

    def ask(self, request: Request) -> int: ...
    def stop(self, run: int) -> None: ...
    def start(self) -> None: ...


# Takes a request and its ending, and gives the ending back as it is kept
Learn = Callable[[Any, Any], Any]


class Conversation(QObject):
    """Asks the worker; a newer question stops the one before. Late events are dropped by their run number.

    An answer is learnt before it is told.
    """

    doing = ""  # what a person reads while it is busy

    progressed = Signal(object)  # Progress
    succeeded = Signal(object)  # the Ending asked for
    failed = Signal(object)  # Failed
    cancelled = Signal()
    busy_changed = Signal(bool)

    def __init__(self, worker: Worker, parent: QObject | None = None, learn: Learn | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._learn = learn
        self._asked: Request | None = None
        self._run: int | None = None
        self._stopping = False
        worker.said.connect(self._on_said)

    def use(self, worker: Worker) -> None:
        """Talk to another worker from now on."""
        self.drop()
        self._worker.said.disconnect(self._on_said)
        self._worker = worker
        worker.said.connect(self._on_said)

    @property
    def asked(self) -> Request | None:
        """The last request that was put to the worker."""
        return self._asked

    @property
    def is_busy(self) -> bool:
        return self._run is not None

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def ask(self, request: Request) -> None:
        """Ask, instead of what is being asked."""
        was_busy = self.is_busy
        self._abandon()
        self._asked = request
        self._run = self._worker.ask(request)
        if not was_busy:
            self.busy_changed.emit(True)

    def stop(self) -> None:
        """Ask the worker to stop; it ends as cancelled, or as whatever came first."""
        if self._run is not None and not self._stopping:
            self._stopping = True
            self._worker.stop(self._run)

    def drop(self) -> None:
        """Forget the run: whatever it ends as is not wanted any more."""
        if self.is_busy:
            self._abandon()
            self.busy_changed.emit(False)

    def _abandon(self) -> None:
        run, self._run, self._stopping = self._run, None, False
        if run is not None:
            self._worker.stop(run)

    def _on_said(self, run: int, event: Event) -> None:
        if run != self._run:
            return
        match event:
            case Progress():
                self.progressed.emit(event)
            case _:
                self._end(event)

    def _end(self, ending: Ending) -> None:
        self._run, self._stopping = None, False
        self.busy_changed.emit(False)
        match ending:
            case Cancelled():
                self.cancelled.emit()
            case Failed():
                self.failed.emit(ending)
            case _:
                kept = ending if self._learn is None else self._learn(self._asked, ending)
                self.succeeded.emit(kept)
