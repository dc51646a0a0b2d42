"""Does everything over and over in one window, and looks for what grows.

python -m tests.campaigns.soak --rounds 2000
python -m tests.campaigns.soak --minutes 10

A round asks one question and does what belongs to it: another prompt, rule set, position or layer, undo and redo,
another model, a picture, going on with a prompt, a figure, another theme, copying. After the warm-up, which is a
quarter of it, and at the end, memory, open files, threads, processes and temporary files are counted. What is
kept on purpose is bounded: 256 MiB of answers, 200 steps of undo, and a log.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

import resources
from engine.protocol.messages import Explained, FigureFormat
from engine.protocol.values import ModelSource
from inspector.conversations.picturing import PICTURE_MODEL
from inspector.look.theme import apply_theme
from inspector.panes.toolbar import RULES
from tests.campaigns import hanging
from tests.campaigns.watched_client import wait
from tests.campaigns.watched_window import LONGEST, PROMPT, SOURCE, WatchedWindow, children
from tests.inspector.waiting import wait_for_reading

OTHER = ModelSource("bundled:gpt2")
PICTURES = tuple(sorted((Path(resources.__file__).parent / "examples" / "images").glob("*.png")))
FORMS: tuple[FigureFormat, ...] = ("csv", "json", "png", "tex")
EVERY = 10  # rounds between two counts
MODEL_EVERY = 20  # rounds with one model

# What may grow from the end of the warm-up on, in all, and for each 1000 questions: of memory, where allocators and
# caches breathe, both have to be exceeded
ROOM = {"MiB": 48.0, "files": 4.0, "threads": 4.0, "processes": 0.0, "temporary files": 2.0}
RATE = {"MiB": 60.0}


@dataclass(frozen=True)
class Growth:
    """How much of something there was after the warm-up and at the end, and how many questions lay between."""

    what: str  # such as "window, MiB"
    before: float
    after: float
    questions: int

    @property
    def per_thousand(self) -> float:
        return (self.after - self.before) * 1000 / max(self.questions, 1)

    @property
    def is_leak(self) -> bool:
        unit = self.what.rpartition(", ")[2]
        more = self.after - self.before
        return more > ROOM[unit] and self.per_thousand > RATE.get(unit, 0)


class Desk(WatchedWindow):
    """The window in which everything is done."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._written_before = 0
        self.questions = 0
        self._temporary = Path(tempfile.gettempdir())

    def do(self, round: int) -> str:
        """Do one round; what was wrong with it, empty where nothing was."""
        inquiry, study = self.inquiry, self.study
        if round % MODEL_EVERY == 0:
            self._change_model(round // MODEL_EVERY)
        elif study.question.input.medium == "picture":
            self._open_picture(round)
        else:
            inquiry.use_prompt(PROMPT.format(round))
        if not wait(lambda: self.is_at_rest, LONGEST):
            return "the question is not answered"
        for act in self._acts(round):
            act()
            if not wait(lambda: self.is_idle and self.written >= self._written_before, LONGEST):
                return "what was done with the answer does not end"
        if not wait(lambda: self.is_at_rest, LONGEST):
            return "after undo and redo there is no answer"
        self.questions += sum(isinstance(each, Explained) for ends in self.client.endings.values() for each in ends)
        wrong = self.client.complaints(may_fail=False) + self.figures.complaints(may_fail=False)
        return ", ".join(wrong)

    def counts(self) -> dict[str, float]:
        """What there is now."""
        gc.collect()
        found = {}
        own = {"window": os.getpid()}
        own |= {
            name: client.hello.pid
            for name, client in (("worker", self.client), ("figures", self.figures))
            if client.hello is not None
        }
        for name, pid in own.items():
            found[f"{name}, MiB"] = _resident(pid)
            found[f"{name}, files"] = float(len(list(Path(f"/proc/{pid}/fd").iterdir())))
            found[f"{name}, threads"] = float(len(list(Path(f"/proc/{pid}/task").iterdir())))
        found["processes"] = float(len(children()))
        found["temporary files"] = float(sum(1 for _ in self._temporary.rglob("*")))
        return found

    def _change_model(self, number: int) -> None:
        source = (SOURCE, OTHER, PICTURE_MODEL)[number % 3]
        if source == PICTURE_MODEL:
            self.inquiry.open_model(source)
            wait(lambda: not self.inquiry.activity.is_any and self.client.is_settled, LONGEST)
            self._open_picture(0)
        else:
            self.study.type(PROMPT.format(f"{number}th"))
            self.inquiry.open_model(source)

    def _open_picture(self, number: int) -> None:
        self.window.pictures.open(str(PICTURES[number % len(PICTURES)]))
        wait_for_reading()

    def _acts(self, round: int) -> Iterator[Callable[[], object]]:
        inquiry, study, commands = self.inquiry, self.study, self.window.commands
        yield lambda: study.step_layer(1 if round % 2 else -1)
        yield lambda: commands["layer.output"].trigger()
        if study.question.input.medium == "text":
            yield lambda: inquiry.choose_rules(RULES[round % len(RULES)])
            yield lambda: inquiry.choose_position(3)
            yield lambda: commands["edit.copy_image"].trigger()
            yield lambda: commands["edit.copy_table"].trigger()
            if round % 7 == 0:
                yield lambda: inquiry.generate(3)
        yield inquiry.undo
        yield inquiry.redo
        if round % 3 == 0:
            yield lambda: self._export(round)
        if round % 5 == 0:
            yield lambda: apply_theme(_app(), ("dark", "light")[round // 5 % 2])
        if round % 11 == 0:
            yield lambda: commands["view.pin"].trigger()
        if round % 13 == 0:
            yield lambda: self.window.notices.show_news("news")

    def _export(self, round: int) -> None:
        self._written_before = self.written + 1
        if self.study.question.input.medium == "text":
            form = FORMS[round // 3 % len(FORMS)]
            self.export(self._folder / f"figure.{form}", form)
        else:
            self.export(self._folder / "overlay.png", "png", "overlay")


def growths(counted: list[tuple[int, Mapping[str, float]]]) -> list[Growth]:
    """From counts by the number of questions: medians of those after the warm-up, and of as many at the end."""
    settled = counted[len(counted) // 4 :]
    part = max(1, len(settled) // 4)
    first, last = settled[:part], settled[-part:]
    questions = int(np.median([number for number, _ in last]) - np.median([number for number, _ in first]))
    return [
        Growth(what, *(float(np.median([found[what] for _, found in each])) for each in (first, last)), questions)
        for what in settled[-1][1]
        if all(what in found for _, found in settled)
    ]


def soaked(
    rounds: int, minutes: float = float("inf"), every: int = EVERY, leak: Callable[[], object] = lambda: None
) -> tuple[list[Growth], list[str]]:
    """What grew in so many rounds, or so many minutes, and what went wrong. A `leak` is planted in each round."""
    ends = time.monotonic() + minutes * 60
    counted: list[tuple[int, Mapping[str, float]]] = []
    wrong = []
    with tempfile.TemporaryDirectory() as folder, hanging.temporary_folder(Path(folder) / "temporary"):
        desk = Desk(Path(folder))
        try:
            for round in range(rounds):
                if time.monotonic() > ends:
                    break
                if said := desk.do(round):
                    wrong.append(f"round {round}: {said}")
                    print(wrong[-1], flush=True)
                leak()
                if round % every == 0 and wait(lambda: desk.client.has_spare, LONGEST):
                    counted.append((desk.questions, desk.counts()))
        finally:
            if left := desk.close():
                wrong.append(f"{left} processes are left")
    return growths(counted), wrong


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def table(found: Iterable[Growth]) -> str:
    """One row a thing that is counted."""
    lines = ["| what | after the warm-up | at the end | questions between | per 1000 questions | |", "|---" * 6 + "|"]
    for one in found:
        figures = f"{one.before:.1f} | {one.after:.1f} | {one.questions} | {one.per_thousand:+.1f}"
        lines.append(f"| {one.what} | {figures} | {'leak' if one.is_leak else ''} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=2000)
    options.add_argument("--minutes", type=float, default=float("inf"), help="end after them, whatever is left to do")
    given = options.parse_args()
    app = QApplication([])
    found, wrong = soaked(given.rounds, given.minutes)
    print(table(found))
    print(*wrong, sep="\n")
    app.quit()
    raise SystemExit(bool(wrong) or any(one.is_leak for one in found))


if __name__ == "__main__":
    main()
