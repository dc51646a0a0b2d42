"""The window's client: accepts requests in any state; each run ends exactly once."""

from __future__ import annotations

from enum import Enum, auto
from itertools import count
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.protocol.failures import ProtocolError
from engine.protocol.frames import Ask, Hello, Stop, frame_in_pieces
from engine.protocol.messages import Cancelled, Event, Failed, Progress, Request, Tokenize
from inspector.client.process import End
from inspector.client.supply import WorkerSupply

PATIENCE = 3_000  # ms from a request to stop to the end of the worker that does not
START_LIMIT = 120_000  # ms without a word from a worker that starts


class WorkerState(Enum):
    """What can be expected of the worker now."""

    OFF = auto()  # not started, or closed
    STARTING = auto()
    READY = auto()
    BUSY = auto()
    CRASHED = auto()  # for a moment, or until asked again where `trouble` says that no other was started


class _Run(NamedTuple):
    """A run that has not ended. A light one is soon answered, by a worker that has the model also in a long run."""

    number: int
    frame: tuple[bytes, ...]  # in pieces
    is_light: bool


class WorkerClient(QObject):
    """Speaks with a worker, one run at a time and a light one beside it, and with the next where a worker is lost.

    A run that was with the lost worker fails; those that still wait go to the next, and so does the one beside. Where
    the lost one was a spare that took over and said nothing since, the run itself goes to the next: it may have been
    sent to a process that was dead already.
    """

    state_changed = Signal(object)  # WorkerState
    said = Signal(int, object)  # run, Event
    greeted = Signal(object)  # Hello, of each worker that takes over; it holds no model
    logged = Signal(str)
    replaced = Signal(str)  # what a person is told where stopping took another worker
    _refused = Signal(int, object)  # run, Failed

    def __init__(
        self,
        command: list[str],
        spare: bool = True,
        parent: QObject | None = None,
        *,
        patience: int = PATIENCE,
        start_limit: int = START_LIMIT,
    ) -> None:
        super().__init__(parent)
        self._state = WorkerState.OFF
        self._trouble = ""
        self._numbers = count(1)
        self._waiting: dict[int, _Run] = {}  # by number, in the order asked
        self._running: _Run | None = None
        self._beside: _Run | None = None  # a light one, which waits in the worker if it is not answered at once
        self._patience = QTimer(self, singleShot=True, interval=patience)
        self._patience.timeout.connect(self._on_patience_lost)
        self._supply = WorkerSupply(command, spare, start_limit, self)
        self._supply.greeted.connect(self._on_greeted)
        self._supply.said.connect(self._on_said)
        self._supply.lost.connect(self._on_lost)
        self._supply.logged.connect(self.logged)
        # Queued: nobody hears of a run before ask() has returned its number.
        self._refused.connect(self.said, Qt.ConnectionType.QueuedConnection)

    @property
    def state(self) -> WorkerState:
        return self._state

    @property
    def hello(self) -> Hello | None:
        """What the current worker said of itself; None while it starts."""
        return self._supply.hello

    @property
    def trouble(self) -> str:
        """Why there is no worker, where it is given up; empty otherwise."""
        return self._trouble

    @property
    def has_spare(self) -> bool:
        """Whether another worker stands ready to take over."""
        return self._supply.has_spare

    def start(self) -> None:
        """Start the worker; once more where it was given up."""
        if self._state in (WorkerState.OFF, WorkerState.CRASHED):
            self._supply.forgive()
            self._begin()

    def set_start_limit(self, seconds: int) -> None:
        """Wait so long for a worker that starts and says nothing."""
        self._supply.set_start_limit(seconds * 1000)

    def close(self) -> None:
        """End the worker within 2 s, whatever it does. What is open ends as cancelled."""
        self._patience.stop()
        self._set_state(WorkerState.OFF)
        self._supply.close()
        self._take_back_beside()
        ended = [*([] if self._running is None else [self._running.number]), *self._waiting]
        self._running = None
        self._waiting.clear()
        for run in ended:
            self.said.emit(run, Cancelled())

    def ask(self, request: Request) -> int:
        """The number of the run that will answer, once the worker is free. Asking revives a given-up worker."""
        run = next(self._numbers)
        try:
            self._waiting[run] = _Run(run, frame_in_pieces(Ask(run, request)), isinstance(request, Tokenize))
        except ProtocolError as error:
            self._refused.emit(run, Failed(error.kind, str(error)))
            return run
        if self._state is WorkerState.CRASHED and self._trouble:
            self.start()
        if self._state is WorkerState.READY:
            self._send_next()
        else:
            self._send_beside()
        return run

    def stop(self, run: int) -> None:
        """End the run: at once where it waits, else at the worker's next block, or by force if that takes too long."""
        if self._waiting.pop(run, None) is not None:
            self.said.emit(run, Cancelled())
        elif self._beside is not None and run == self._beside.number:
            self._supply.send(frame_in_pieces(Stop(run)))
            self._beside = None  # whatever comes of it is not heard: nothing is done by force to the run it was beside
            self.said.emit(run, Cancelled())
            self._send_beside()
        elif self._running is not None and run == self._running.number and not self._patience.isActive():
            self._supply.wake()
            self._supply.send(frame_in_pieces(Stop(run)))
            self._supply.expect_loss()
            self._patience.start()

    def _begin(self) -> None:
        self._trouble = ""
        self._set_state(WorkerState.STARTING)
        self._supply.start()

    def _send_next(self) -> None:
        """Give the free worker what waits longest; what was beside is the running one now."""
        if self._beside is not None:
            self._running, self._beside = self._beside, None
        elif self._waiting:
            self._running = self._waiting.pop(next(iter(self._waiting)))
            self._supply.send(self._running.frame)
        else:
            self._set_state(WorkerState.READY)
            return
        self._set_state(WorkerState.BUSY)
        self._send_beside()

    def _send_beside(self) -> None:
        """Give the worker the light run that waits longest, if one that is not light is with it."""
        if self._running is None or self._running.is_light or self._beside is not None:
            return
        self._beside = next((run for run in self._waiting.values() if run.is_light), None)
        if self._beside is not None:
            self._supply.send(self._waiting.pop(self._beside.number).frame)

    def _take_back_running(self) -> None:
        """Let what was running wait again, before all others: its worker never heard of it."""
        if self._running is not None:
            self._waiting = {self._running.number: self._running, **self._waiting}
            self._running = None

    def _take_back_beside(self) -> None:
        """Let what was beside wait again, before all others: its worker is gone."""
        if self._beside is not None:
            self._waiting = {self._beside.number: self._beside, **self._waiting}
            self._beside = None

    def _set_state(self, state: WorkerState) -> None:
        self._supply.set_idle(state is WorkerState.READY)
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    def _take_running(self) -> int | None:
        """The number of the run that is with the worker, which it is no longer."""
        self._patience.stop()
        run, self._running = self._running, None
        return None if run is None else run.number

    def _on_greeted(self, hello: Hello) -> None:
        self._send_next()
        self.greeted.emit(hello)

    def _on_said(self, run: int, event: Event) -> None:
        is_beside = self._beside is not None and run == self._beside.number
        if not is_beside and (self._running is None or run != self._running.number):
            return
        if not isinstance(event, Progress):
            self._supply.trust()
            if is_beside:
                self._beside = None
                self._send_beside()
            else:
                self._take_running()
                self._send_next()
        self.said.emit(run, event)

    def _on_patience_lost(self) -> None:
        ended = [run.number for run in (self._running, self._beside) if run is not None]  # either may be what hangs
        self._take_running()
        self._beside = None
        seconds = self._patience.interval() / 1000
        message = f"The worker did not stop within {seconds:g} s and was ended. Another takes its place."
        self.logged.emit(f"{message}\n")
        self.replaced.emit(message)
        self._supply.drop()
        for run in ended:
            self.said.emit(run, Cancelled())  # before a spare greets: who hears it has nothing under way
        self._begin()

    def _on_lost(self, end: End) -> None:
        if end.untried and not self._patience.isActive():
            self._take_back_running()
        run = self._take_running()
        self._take_back_beside()
        self._trouble = end.message if end.final else ""
        self._set_state(WorkerState.CRASHED)
        self.logged.emit(end.message + "\n")
        given_up = [*([] if run is None else [run]), *(self._waiting if end.final else ())]
        for number in given_up:
            self._waiting.pop(number, None)
        for number in given_up:
            self.said.emit(number, Failed(end.kind, end.message))
        if self._state is WorkerState.CRASHED and not end.final:
            self._begin()
