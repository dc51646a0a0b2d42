"""Kills of real workers at random times, while the bundled Llama is loaded, explained, and goes on with a prompt, and
while a figure is drawn."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.protocol.inputs import Text
from engine.protocol.messages import Export
from engine.protocol.values import ModelSource
from inspector.app import own_worker
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.window import Window
from tests.campaigns.watched_client import Outcome, WatchedClient, kill, pause, wait
from tests.inspector.client.witness import is_alive

SOURCE, OTHER = ModelSource("bundled:llama"), ModelSource("bundled:gpt2")
PROMPT = "In 1922 the British expedition reached 8,320 m. According to the text, the {} expedition reached 8,"
HANGS = 120  # seconds in which whatever has to come does: torch is imported in them
LONGEST = {"loading": 0.3, "explaining": 0.1, "generating": 0.4, "exporting": 0.1, "explaining, and the spare": 0.1}


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


class Desk:
    """The window on its two workers."""

    def __init__(self, folder: Path) -> None:
        self._figure = folder / "figure.csv"
        self._client = WatchedClient(own_worker("engine.worker"), spare=True)
        self._figures = WatchedClient(own_worker("engine.figures_worker"), spare=False)
        self._client.start()
        self._study = Study(Question(SOURCE, Text(PROMPT.format(1922))))
        clients = self._client, self._figures
        self._window = Window(*clients, self._study, Profile(SettingsFile(None)), lambda command: self._client)
        self._window.show()
        self._inquiry = self._window.inquiry
        self._written = 0
        self._inquiry.exporting.written.connect(self._on_written)
        self._inquiry.open_model(SOURCE)

    def close(self) -> int:
        """End it; how many processes are left."""
        self._window.close()
        self._window.deleteLater()
        for client in (self._client, self._figures):
            client.close()
        return len(children())

    def tried(self, seed: int) -> Outcome:
        """What is wrong after the kill of this seed."""
        how = list(LONGEST)[seed % len(LONGEST)]
        choose = random.Random(seed)
        if not wait(self._is_ready, HANGS):
            return Outcome(f"real, {how}", seed, ("no answer and spare before the kill",))
        before = self._study.shown
        client = self._figures if how == "exporting" else self._client
        losses = client.losses
        self._begin(how, seed)
        wait(lambda: client.hello is not None, HANGS)
        pause(choose.uniform(0, LONGEST[how]))
        assert client.hello is not None
        victims = {client.hello.pid} if how != "explaining, and the spare" else set(children()) - self._figure_pids()
        kill(*victims)
        killed = time.perf_counter()
        wrong = [] if wait(lambda: client.losses > losses, HANGS) else ["the loss goes unnoticed"]
        if self._study.shown is not before and not self._study.is_answered:
            wrong.append("the last good answer is gone")
        if not self._ask_next(how, seed):
            wrong.append("the next question is not answered")
        seconds = time.perf_counter() - killed
        if not wait(lambda: self._client.is_settled and self._figures.is_settled, HANGS):
            wrong.append("it does not come to rest")
        wrong += self._client.complaints() + self._figures.complaints()
        if not wait(lambda: not any(map(is_alive, victims)), HANGS):
            wrong.append("a process is left")
        return Outcome(f"real, {how}", seed, tuple(wrong), seconds)

    def _is_ready(self) -> bool:
        rests = self._client.is_settled and self._figures.is_settled and not self._inquiry.activity.is_any
        return rests and self._study.is_answered and self._client.has_spare

    def _begin(self, how: str, seed: int) -> None:
        match how:
            case "loading":
                self._inquiry.open_model(OTHER if self._study.question.source == SOURCE else SOURCE)
            case "generating":
                self._inquiry.generate(20)
            case "exporting":
                self._export()
            case _:
                self._inquiry.use_prompt(PROMPT.format(seed))

    def _ask_next(self, how: str, seed: int) -> bool:
        """Do what a person does who has read of the loss; whether that is answered."""
        if how == "exporting":
            written = self._written
            self._export()
            return wait(lambda: self._written > written, HANGS)
        self._inquiry.use_prompt(PROMPT.format(f"{seed}th"))
        wait(lambda: self._study.is_answered or not self._inquiry.activity.is_any, HANGS)
        return self._study.is_answered

    def _export(self) -> None:
        assert self._study.shown is not None
        self._inquiry.export(Export(self._study.shown.relevance, "csv"), self._figure)

    def _figure_pids(self) -> set[int]:
        return set() if self._figures.hello is None else {self._figures.hello.pid}

    def _on_written(self, path: Path, note: str) -> None:
        self._written += 1


def children() -> list[int]:
    """The processes that this one started and that live."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in map(int, started) if is_alive(pid)]
