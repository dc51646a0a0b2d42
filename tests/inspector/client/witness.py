"""A client, and all that it ever said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtTest import QTest

from engine.protocol.frames import Hello
from engine.protocol.inputs import Text
from engine.protocol.messages import Ending, Event, Load, Progress, Tokenize
from engine.protocol.values import ModelSource
from inspector.client import WorkerClient, WorkerState
from tests.inspector.waiting import wait_until


class Witness:
    """Hears everything, and waits for what a test wants to hear."""

    def __init__(self, client: WorkerClient, starts: Path) -> None:
        self.client = client
        self.events: list[tuple[int, Event]] = []
        self.states: list[WorkerState] = []
        self.hellos: list[Hello] = []
        self.log = ""
        self._starts = starts
        client.said.connect(lambda run, event: self.events.append((run, event)))
        client.state_changed.connect(self.states.append)
        client.greeted.connect(self.hellos.append)
        client.logged.connect(self._on_logged)

    @property
    def pids(self) -> list[int]:
        """The processes started so far, in order."""
        return [int(line) for line in self._starts.read_text().split()] if self._starts.exists() else []

    def ask(self, text: str) -> int:
        return self.client.ask(Tokenize(ModelSource("m"), Text(text)))

    def ask_at_length(self, text: str) -> int:
        """Ask the same with a request that is not light."""
        return self.client.ask(Load(ModelSource(text)))

    def endings(self, run: int) -> list[Ending]:
        return [event for number, event in self.events if number == run and not isinstance(event, Progress)]

    def ending(self, run: int) -> Ending:
        """The run's ending, once it is there."""
        self.wait(lambda: self.endings(run))
        (ending,) = self.endings(run)
        return ending

    def wait(self, condition: Callable[[], object]) -> None:
        wait_until(condition)

    def wait_a_moment(self, ms: int) -> None:
        """Only for what must not happen in it."""
        QTest.qWait(ms)

    def wait_for(self, state: WorkerState) -> None:
        self.wait(lambda: self.client.state is state)

    def wait_for_spare(self) -> None:
        self.wait(lambda: self.client.has_spare)

    def _on_logged(self, text: str) -> None:
        self.log += text


StartWorker = Callable[..., Witness]


def is_alive(pid: int) -> bool:
    """Whether the process still runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
