"""The one the window speaks with: it takes requests in any state, and every run ends exactly once."""

from __future__ import annotations

from enum import Enum, auto
from itertools import count

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.protocol.failures import ProtocolError
from engine.protocol.frames import Ask, Hello, Stop, frame
from engine.protocol.messages import Cancelled, Event, Failed, Progress, Request
from inspector.client.process import End
from inspector.client.supply import WorkerSupply

PATIENCE = 5_000  # ms from a request to stop to the end of the worker that does not
START_LIMIT = 120_000  # ms from a worker's start to its greeting


class WorkerState(Enum):
    """What can be expected of the worker now."""

    OFF = auto()  # not started, or closed
    STARTING = auto()
    READY = auto()
    BUSY = auto()
    CRASHED = auto()  # for a moment, or until asked again where `trouble` says that no other was started


class WorkerClient(QObject):
    """Speaks with a worker, one run at a time, and with the next one where a worker is lost.

    A run that was with the lost worker fails; those that still wait go to the next.
    """

    state_changed = Signal(object)  # WorkerState
    said = Signal(int, object)  # run, Event
    greeted = Signal(object)  # Hello, of each worker that takes over; it holds no model
    logged = Signal(str)
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
        self._waiting: dict[int, bytes] = {}  # run -> its frame, in the order asked
        self._running: int | None = None
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

    def close(self) -> None:
        """End the worker within 2 s, whatever it does. What is open ends as cancelled."""
        self._patience.stop()
        self._set_state(WorkerState.OFF)
        self._supply.close()
        ended = [*([] if self._running is None else [self._running]), *self._waiting]
        self._running = None
        self._waiting.clear()
        for run in ended:
            self.said.emit(run, Cancelled())

    def ask(self, request: Request) -> int:
        """The number of the run that will answer, once the worker is free. Asking revives a given-up worker."""
        run = next(self._numbers)
        try:
            self._waiting[run] = frame(Ask(run, request))
        except ProtocolError as error:
            self._refused.emit(run, Failed(error.kind, str(error)))
            return run
        if self._state is WorkerState.CRASHED and self._trouble:
            self.start()
        if self._state is WorkerState.READY:
            self._send_next()
        return run

    def stop(self, run: int) -> None:
        """End the run: at once where it waits, else at the worker's next block, or by force if that takes too long."""
        if self._waiting.pop(run, None) is not None:
            self.said.emit(run, Cancelled())
        elif run == self._running and not self._patience.isActive():
            self._supply.send(frame(Stop(run)))
            self._patience.start()

    def _begin(self) -> None:
        self._trouble = ""
        self._set_state(WorkerState.STARTING)
        self._supply.start()

    def _send_next(self) -> None:
        """Give the free worker what waits longest."""
        if not self._waiting:
            self._set_state(WorkerState.READY)
            return
        self._running = next(iter(self._waiting))
        self._supply.send(self._waiting.pop(self._running))
        self._set_state(WorkerState.BUSY)

    def _set_state(self, state: WorkerState) -> None:
        self._supply.set_idle(state is WorkerState.READY)
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    def _take_running(self) -> int | None:
        """The run that is with the worker, which it is no longer."""
        self._patience.stop()
        run, self._running = self._running, None
        return run

    def _on_greeted(self, hello: Hello) -> None:
        self._send_next()
        self.greeted.emit(hello)

    def _on_said(self, run: int, event: Event) -> None:
        if run != self._running:
            return
        if not isinstance(event, Progress):
            self._take_running()
            self._supply.trust()
            self._send_next()
        self.said.emit(run, event)

    def _on_patience_lost(self) -> None:
        run = self._take_running()
        self.logged.emit("The worker did not stop when asked to, and was ended.\n")
        self._supply.drop()
        if run is not None:
            self.said.emit(run, Cancelled())  # before a spare greets: who hears it has nothing under way
        self._begin()

    def _on_lost(self, end: End) -> None:
        run = self._take_running()
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
