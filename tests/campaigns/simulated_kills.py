"""Kills of workers with made-up answers (mortal_worker), at every step of the protocol and at random."""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from engine.protocol.codec import array_to_wire
from engine.protocol.frames import PROTOCOL, Hello
from engine.protocol.inputs import Text
from engine.protocol.messages import Explain, Export, Exported, Progress, Tokenize, Tokenized
from engine.protocol.values import ModelSource
from inspector.client import supply
from inspector.conversations.inquiry import Inquiry
from inspector.state.question import Question
from inspector.state.study import Study
from tests.campaigns.watched_client import Outcome, WatchedClient, kill, pause, wait
from tests.inspector.answers import answer_to, loaded
from tests.inspector.client.witness import is_alive

SOURCE = ModelSource("one")
HANGS = 10  # seconds in which whatever has to come does
PATIENCE = 60  # ms until a worker deaf to Stop is ended
SPARE_DELAY = 15  # ms
LONGEST = 0.08  # seconds until a kill at random

AT_START = tuple(f"{when} Hello" for when in ("before", "inside", "after"))
_SAID = (
    "Progress of Load",
    "Loaded",
    "Progress of Explain",
    "Explained",
    "Cancelled",
    "Progress of Export",
    "Exported",
)
IN_RUNS = tuple(f"{when} {name}" for name in _SAID for when in ("before", "inside", "after"))
AT_RANDOM = ("while it explains", "while it is stopped", "while it is deaf to Stop", "while it starts")
STEPS = (*AT_START, *IN_RUNS, *AT_RANDOM)
WHO = ("worker", "spare", "both")


def outcomes(seeds: Iterable[int]) -> Iterator[Outcome]:
    """What is wrong after the kill of each seed, and in the end after closing."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        try:
            for seed in seeds:
                yield desk.tried(seed)
        finally:
            left = desk.close()
        yield Outcome("close", 0, (f"{len(left)} processes are left",) if left else ())


class Desk:
    """A study, its inquiry, and the two clients they speak with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._living: list[int] = []
        self._read = 0
        _write_answers(folder)
        packages = str(Path(msgspec.__file__).parents[1])
        worker = str(Path(__file__).with_name("mortal_worker.py"))
        command = [sys.executable, "-I", "-S", worker, str(folder), packages]
        self._study = Study(Question(SOURCE, Text("first")))
        before, supply.SPARE_DELAY = supply.SPARE_DELAY, SPARE_DELAY
        self._client = WatchedClient(command, spare=True, patience=PATIENCE)
        supply.SPARE_DELAY = before
        self._figures = WatchedClient(command, spare=False)
        self._inquiry = Inquiry(self._client, self._figures, self._study)
        self._written = self._heard = 0
        self._inquiry.explaining.progressed.connect(self._on_progressed)
        self._inquiry.exporting.written.connect(self._on_written)
        self._client.replaced.connect(self._forget_fate)
        self._client.start()
        self._inquiry.open_model(SOURCE)

    def close(self) -> list[int]:
        """End it; the processes that are left."""
        self._client.close()
        self._figures.close()
        return self._alive()

    def tried(self, seed: int) -> Outcome:
        """What is wrong after the kill of this seed."""
        choose = random.Random(seed)
        step, who = choose.choice(STEPS), choose.choice(WHO)
        if "Export" in step:
            who = "worker"  # that of figures, which has no spare
        if not self._study.is_answered:
            self._inquiry.use_prompt(f"before {seed}")
        if not wait(lambda: self._study.is_answered and self._client.is_settled, HANGS):
            return Outcome(step, seed, (f"{who}: no answer before the kill",))
        needs_spare = who != "worker" or choose.random() < 0.5
        if needs_spare and not wait(lambda: self._client.has_spare, HANGS):
            return Outcome(step, seed, (f"{who}: no spare before the kill",))
        before = self._study.shown
        self._kill(choose, step, who, seed)
        wrong = []
        if not wait(self._is_over, HANGS):
            wrong.append("it does not come to rest")
        if self._study.shown is None or (self._study.shown is not before and not self._study.is_answered):
            wrong.append("the last good answer is gone")
        may_fail = who != "spare" or step in AT_RANDOM[2:]
        wrong += self._client.complaints(may_fail) + self._figures.complaints()
        wrong += self._wrong_next(seed, "Export" in step)
        return Outcome(step, seed, tuple(f"{who}: {each}" for each in wrong))

    # -- the kill ------------------------------------------------------------------------------------------------------

    def _kill(self, choose: random.Random, step: str, who: str, seed: int) -> None:
        worker, spare = self._worker(), self._spare()
        if step == "while it starts":
            kill(*self._alive())
            pause(choose.uniform(0, LONGEST))
            kill(*(self._alive()[-1:] if who == "worker" else self._alive()))
        elif step in AT_RANDOM:
            self._begin(choose, step, seed)
            pause(choose.uniform(0, LONGEST))
            if step != "while it explains":
                self._inquiry.stop()
                pause(choose.choice((0, choose.uniform(0, LONGEST))))
            kill(*{"worker": [worker], "spare": spare, "both": [worker, *spare]}[who])
            self._inquiry.stop()
        elif step in AT_START:
            # A worker that starts, or a spare that starts, and the worker with it
            self._set_fate(step, [worker, "itself"] if who == "both" else ["itself"])
            kill(*spare, *([worker] if who == "worker" else []))
        else:
            self._set_fate(step, {"worker": ["itself"], "spare": spare, "both": [*spare, "itself"]}[who])
            heard = self._heard
            self._begin(choose, step, seed)
            if "Cancelled" in step:
                wait(lambda: self._heard > heard, HANGS)
                self._inquiry.stop()

    def _begin(self, choose: random.Random, step: str, seed: int) -> None:
        """Have the run begun that the kill is to meet, sometimes with light ones before and after."""
        if "Cancelled" not in step:  # which a run that waits is at once, without the worker
            self._ask_lightly(choose)
        if "Load" in step:
            self._inquiry.open_model(ModelSource(f"model {seed}"))
        elif "Export" in step:
            self._export()
        else:
            words = {"while it explains": "slow", "while it is deaf to Stop": "deaf", "while it is stopped": "wait"}
            word = words.get(step, "wait" if "Cancelled" in step else "ask")
            self._inquiry.use_prompt(f"{word} {seed}")
        self._ask_lightly(choose)

    def _ask_lightly(self, choose: random.Random) -> None:
        for number in range(choose.choice((0, 0, 1, 2))):
            self._client.ask(Tokenize(SOURCE, Text(f"light {number}")))

    def _set_fate(self, step: str, victims: list[int | str]) -> None:
        (self._folder / "killed").write_text("[]")
        new = self._folder / "new"
        new.write_text(json.dumps({"step": step, "victims": victims}))
        new.rename(self._folder / "fate")

    # -- what is promised ----------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        killed = self._folder / "killed"
        if (self._folder / "fate").exists() or any(map(is_alive, json.loads(killed.read_text()))):
            return False
        return self._client.is_settled and self._figures.is_settled

    def _wrong_next(self, seed: int, is_export: bool) -> Iterator[str]:
        if is_export:
            written = self._written
            self._export()
            if not wait(lambda: self._written > written, HANGS):
                yield "the next figure is not written"
        self._inquiry.use_prompt(f"next {seed}")
        if not wait(lambda: self._study.is_answered and self._client.is_settled, HANGS):
            yield "the next question is not answered"
        yield from self._client.complaints(may_fail=False)
        yield from self._figures.complaints(may_fail=False)
        if not wait(lambda: len(self._alive()) <= 1 + len(self._at_work()), HANGS):
            yield f"{len(self._alive())} processes"

    # -- processes -----------------------------------------------------------------------------------------------------

    def _alive(self) -> list[int]:
        """The processes that live, in the order of their starts."""
        with (self._folder / "starts").open() as file:
            file.seek(self._read)
            lines = file.read()
        self._read += len(lines)
        self._living = [pid for pid in (*self._living, *map(int, lines.split())) if is_alive(pid)]
        return self._living

    def _at_work(self) -> list[int]:
        return [client.hello.pid for client in (self._client, self._figures) if client.hello is not None]

    def _worker(self) -> int:
        assert self._client.hello is not None
        return self._client.hello.pid

    def _spare(self) -> list[int]:
        """The spare, if it has begun."""
        return [pid for pid in self._alive() if pid not in self._at_work()]

    def _export(self) -> None:
        assert self._study.shown is not None
        self._inquiry.export(Export(self._study.shown.relevance, "csv"), self._folder / "figure.csv")

    def _forget_fate(self, message: str) -> None:
        """A worker that was ended by force, on a busy machine for being slow, reaches no step."""
        (self._folder / "fate").unlink(missing_ok=True)

    def _on_progressed(self, progress: Progress) -> None:
        self._heard += 1

    def _on_written(self, path: Path, note: str) -> None:
        self._written += 1


def _write_answers(folder: Path) -> None:
    """Give the workers what they say."""
    question = Explain(SOURCE, Text("a made-up prompt"))
    answers = {
        "Load": loaded(SOURCE), "Explain": answer_to(question), "Tokenize": Tokenized(()), "Export": Exported(b"a,b\n")
    }  # fmt: skip
    for kind, answer in answers.items():
        (folder / f"{kind}.event").write_bytes(msgspec.msgpack.encode(answer, enc_hook=array_to_wire))
    (folder / "hello").write_bytes(msgspec.json.encode(Hello(PROTOCOL, {"torch": "0"}, ("cpu",), 0)))
    (folder / "starts").touch()
    (folder / "killed").write_text("[]")
