"""Kills of real workers at random times, while the bundled Llama is loaded, explained, and goes on with a prompt, and
while a figure is drawn."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.protocol.values import ModelSource
from tests.campaigns.watched_client import Outcome, kill, pause, wait
from tests.campaigns.watched_window import LONGEST, PROMPT, SOURCE, WatchedWindow, children
from tests.inspector.client.witness import is_alive

OTHER = ModelSource("bundled:gpt2")
LATEST = {"loading": 0.3, "explaining": 0.1, "generating": 0.4, "exporting": 0.1, "explaining, and the spare": 0.1}


def outcomes(seeds: Iterable[int]) -> Iterator[Outcome]:
    """What is wrong after the kill of each seed, with the seconds to the next answer, and in the end after closing."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        try:
            for seed in seeds:
                yield desk.tried(seed)
        finally:
            left = desk.close()
        yield Outcome("real, closing", 0, (f"{left} processes are left",) if left else ())


class Desk(WatchedWindow):
    """The window on its two workers, which are killed."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._figure = folder / "figure.csv"

    def tried(self, seed: int) -> Outcome:
        """What is wrong after the kill of this seed."""
        how = list(LATEST)[seed % len(LATEST)]
        choose = random.Random(seed)
        if not wait(lambda: self.is_ready, LONGEST):
            return Outcome(f"real, {how}", seed, ("no answer and spare before the kill",))
        before = self.study.shown
        client = self.figures if how == "exporting" else self.client
        losses = client.losses
        self._begin(how, seed)
        wait(lambda: client.hello is not None, LONGEST)
        pause(choose.uniform(0, LATEST[how]))
        assert client.hello is not None
        victims = {client.hello.pid} if how != "explaining, and the spare" else set(children()) - self._figure_pids()
        kill(*victims)
        killed = time.perf_counter()
        wrong = [] if wait(lambda: client.losses > losses, LONGEST) else ["the loss goes unnoticed"]
        if self.study.shown is not before and not self.study.is_answered:
            wrong.append("the last good answer is gone")
        if not self._ask_next(how, seed):
            wrong.append("the next question is not answered")
        seconds = time.perf_counter() - killed
        if not wait(lambda: self.client.is_settled and self.figures.is_settled, LONGEST):
            wrong.append("it does not come to rest")
        wrong += self.client.complaints() + self.figures.complaints()
        if not wait(lambda: not any(map(is_alive, victims)), LONGEST):
            wrong.append("a process is left")
        return Outcome(f"real, {how}", seed, tuple(wrong), seconds)

    def _begin(self, how: str, seed: int) -> None:
        match how:
            case "loading":
                self.inquiry.open_model(OTHER if self.study.question.source == SOURCE else SOURCE)
            case "generating":
                self.inquiry.generate(20)
            case "exporting":
                self.export(self._figure)
            case _:
                self.inquiry.use_prompt(PROMPT.format(seed))

    def _ask_next(self, how: str, seed: int) -> bool:
        """Do what a person does who has read of the loss; whether that is answered."""
        if how == "exporting":
            return self.exports_again(self._figure)
        self.inquiry.use_prompt(PROMPT.format(f"{seed}th"))
        wait(lambda: self.study.is_answered or not self.inquiry.activity.is_any, LONGEST)
        return self.study.is_answered

    def _figure_pids(self) -> set[int]:
        return set() if self.figures.hello is None else {self.figures.hello.pid}
