"""Kills the worker at random moments and measures how long it takes until the explanation is there again.

    python tests/benchmarks/worker_kills.py [--kills 200] [--starts 3] [--model bundled:llama] [--seed 0]

Each round waits for the spare, does something (nothing, an explanation, a load and an explanation), sends SIGKILL at a
random moment of it, and asks again for what was lost. Fails where a run has not exactly one ending, an answer differs
from the first, a process is left, or the 95th percentile is above the limit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from engine.protocol.inputs import Text
from engine.protocol.messages import Ending, Event, Explain, Explained, Failed, Progress, Request, Unload
from engine.protocol.values import ModelSource
from inspector.client import WorkerClient, WorkerState

COMMAND = [sys.executable, "-m", "engine.worker"]
LIMIT = 1.5  # seconds, 95th percentile
DEADLINE = 180_000  # ms for anything to happen
PROMPT = "In 1922 the expedition reached 8,320 m. In 1924 the team reached 8,570 m. In 1922 the expedition reached "


class Observer:
    """A client, all endings it gave, and the processes it had."""

    def __init__(self, spare: bool) -> None:
        self.client = WorkerClient(COMMAND, spare)
        self.endings: dict[int, list[Ending]] = defaultdict(list)
        self.asked: list[int] = []
        self.pids: set[int] = set()
        self.losses = 0
        self.client.said.connect(self._on_said)
        self.client.greeted.connect(lambda hello: self.pids.add(hello.pid))
        self.client.state_changed.connect(self._on_state_changed)
        self.client.start()

    def ask(self, request: Request) -> int:
        self.asked.append(self.client.ask(request))
        return self.asked[-1]

    def answer(self, question: Explain) -> Explained:
        """The question's answer, asked for again as often as the worker is lost."""
        while True:
            run = self.ask(question)
            wait(lambda run=run: self.endings[run])
            match self.endings[run][0]:
                case Explained() as answer:
                    return answer
                case Failed("worker_died"):
                    continue
                case other:
                    raise SystemExit(f"The explanation ended as {other}.")

    def _on_said(self, run: int, event: Event) -> None:
        if not isinstance(event, Progress):
            self.endings[run].append(event)

    def _on_state_changed(self, state: WorkerState) -> None:
        self.losses += state is WorkerState.CRASHED


def wait(condition: Callable[[], object]) -> None:
    """Run the event loop until the condition holds."""
    loop, poll = QEventLoop(), QTimer(interval=1)
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    poll.start()
    QTimer.singleShot(DEADLINE, loop, lambda: loop.exit(1))
    if not condition() and loop.exec():
        raise SystemExit("Nothing happened for minutes.")


def pause(seconds: float) -> None:
    until = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() >= until)


def seconds_to_start(question: Explain) -> float:
    """From the start of a client without a spare to its first answer."""
    started = time.perf_counter()
    observer = Observer(spare=False)
    observer.answer(question)
    seconds = time.perf_counter() - started
    observer.client.close()
    return seconds


def seconds_to_recover(observer: Observer, question: Explain, choose: random.Random) -> float:
    """From a kill to the repeated answer."""
    wait(lambda: observer.client.has_spare and observer.client.state is WorkerState.READY)
    match choose.choice(("idle", "explain", "load")):
        case "idle":
            pause(choose.uniform(0, 0.1))
        case "explain":
            observer.ask(question)
            pause(choose.uniform(0, 0.1))
        case "load":
            observer.ask(Unload())
            observer.ask(question)
            pause(choose.uniform(0, 0.5))
    losses, hello = observer.losses, observer.client.hello
    assert hello is not None
    os.kill(hello.pid, signal.SIGKILL)
    killed = time.perf_counter()
    wait(lambda: observer.losses > losses)
    observer.answer(question)
    return time.perf_counter() - killed


def complaints(observer: Observer, reference: Explained) -> list[str]:
    """What was promised and not kept."""
    found = []
    for run in observer.asked:
        endings = observer.endings[run]
        if len(endings) != 1:
            found.append(f"run {run} has {len(endings)} endings")
        if any(isinstance(ending, Explained) and not is_same(ending, reference) for ending in endings):
            found.append(f"run {run} has another answer")
    return found + [f"process {pid} is left" for pid in observer.pids if Path(f"/proc/{pid}").exists()]


def is_same(one: Explained, other: Explained) -> bool:
    return np.array_equal(one.relevance.layers, other.relevance.layers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--starts", type=int, default=3, help="without a spare, to compare with")
    parser.add_argument("--model", default="bundled:llama")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    application = QCoreApplication(sys.argv[:1])
    question = Explain(ModelSource(options.model), Text(PROMPT))
    choose = random.Random(options.seed)

    cold = statistics.median(seconds_to_start(question) for _ in range(options.starts))
    observer = Observer(spare=True)
    reference = observer.answer(question)
    times = []
    for kill in range(options.kills):
        times.append(seconds_to_recover(observer, question, choose))
        print(f"\r{kill + 1} of {options.kills}: {times[-1]:.2f} s", end="", flush=True)
    observer.client.close()
    wrong = complaints(observer, reference)
    half, most = np.percentile(times, [50, 95])
    print(f"\n{options.kills} kills, {len(observer.asked)} runs, {observer.losses} losses noticed")
    print(f"kill to repeated explanation: p50 {half:.2f} s, p95 {most:.2f} s, longest {max(times):.2f} s")
    print(f"cold start to explanation: {cold:.2f} s; p95 over it: {most / cold:.2f}")
    print(*(wrong or ["every run ended once, every answer is the first one, no process is left"]), sep="\n")
    application.quit()
    sys.exit(1 if wrong or most > LIMIT else 0)


if __name__ == "__main__":
    main()
