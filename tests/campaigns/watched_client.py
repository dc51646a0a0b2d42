"""Clients that are watched: what each run ended as; and how a campaign waits for them."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer

from engine.protocol.messages import Ending, Event, Failed, Progress, Request
from inspector.client.client import WorkerClient, WorkerState
from tests.inspector.client.witness import is_alive


class WatchedClient(WorkerClient):
    """A client that notes what was asked of it, every ending it told, and the workers it lost."""

    def __init__(self, command: list[str], spare: bool, **limits: Any) -> None:
        super().__init__(command, spare, **limits)
        self.asked: list[int] = []
        self.endings: dict[int, list[Ending]] = defaultdict(list)
        self.losses = 0
        self.said.connect(self._note_ending)
        self.state_changed.connect(self._note_loss)

    def ask(self, request: Request) -> int:
        self.asked.append(super().ask(request))
        return self.asked[-1]

    @property
    def is_settled(self) -> bool:
        """Whether it is free with a worker that lives, or has given up, and has told every ending it owes."""
        lives = self.hello is not None and self.state is WorkerState.READY and is_alive(self.hello.pid)
        has_given_up = self.state is WorkerState.OFF or (self.state is WorkerState.CRASHED and bool(self.trouble))
        return (lives or has_given_up) and all(self.endings[run] for run in self.asked)

    def complaints(self, may_fail: bool = True) -> list[str]:
        """What ended otherwise than once, with an answer, as cancelled, or with its worker; then all is forgotten."""
        wrong = [f"{len(self.endings[run])} endings" for run in self.asked if len(self.endings[run]) != 1]
        wrong += ["an ending too many"] * len(self.endings.keys() - self.asked)
        failed = [each.kind for endings in self.endings.values() for each in endings if isinstance(each, Failed)]
        wrong += [f"ended as {kind}" for kind in failed if kind != "worker_died" or not may_fail]
        self.asked.clear()
        self.endings.clear()
        return wrong

    def _note_ending(self, run: int, event: Event) -> None:
        if not isinstance(event, Progress):
            self.endings[run].append(event)

    def _note_loss(self, state: WorkerState) -> None:
        self.losses += state is WorkerState.CRASHED


@dataclass(frozen=True)
class Outcome:
    """What was wrong after one kill, empty where nothing was; the seconds until the next answer, where they count."""

    how: str
    seed: int
    wrong: tuple[str, ...]
    seconds: float = 0.0


def wait(condition: Callable[[], object], seconds: float) -> bool:
    """Run the event loop until the condition holds, for at most so long; whether it does."""
    if condition():
        return True
    loop, poll = QEventLoop(), QTimer(interval=1)
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    poll.start()
    QTimer.singleShot(int(seconds * 1000), loop, lambda: loop.exit(1))
    return loop.exec() == 0


def pause(seconds: float) -> None:
    until = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() >= until, seconds + 1)


def kill(*pids: int) -> None:
    """Kill those processes that are there, and wait until they are gone."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(map(is_alive, pids)):
        time.sleep(0.0005)
