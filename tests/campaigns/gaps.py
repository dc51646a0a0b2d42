"""Looks for gaps in the window's event loop: at the start, at models, at a large picture, and under a long log.

python -m tests.campaigns.gaps
python -m tests.campaigns.gaps --model bundled:llama --explanations 8 --megabytes 5
python -m tests.campaigns.gaps --stacks

A timer in the window's thread asks to be called every ms; a gap is how much later than that it was. The window is the
real one with its worker: a prompt is explained under every rule set and at other positions, a picture of noise is
opened, and a log of a million lines is printed. A person sees gaps of more than 16 ms; wanted at the start: <= 100 ms.
With --stacks a thread looks where the window's thread is in such gaps: what it prints says what to mend, and its own
work makes the gaps somewhat longer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from inspector import app as program
from inspector.conversations.picturing import PICTURE_MODEL
from inspector.panes.toolbar import RULES
from inspector.window import Window

INTERVAL = 1  # ms
SEEN = 16  # ms; a person sees a longer gap
LOOKS = 0.004  # seconds from one look at a stack to the next
LIMIT = 20 * 60 * 1000  # ms
PIECE = "a line of a worker that has much to say\n" * 100  # of a log: what a pipe gives at once
EVEREST = Path(__file__).parents[1] / "everest.txt"
BUNDLED = "In 1922 the British expedition reached 8,320 m. The 1922 expedition reached 8,"  # which the small ones take


class Pulse(QObject):
    """How late the event loop calls, in milliseconds, by what goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: dict[str, list[tuple[float, float]]] = {}  # ms, and how many of them the window's thread computed
        self.part = "start"
        self.last, self._computed = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self, interval=INTERVAL, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def _on_timeout(self) -> None:
        now, computed = time.perf_counter(), time.thread_time()
        gap = ((now - self.last) * 1000 - INTERVAL, (computed - self._computed) * 1000)
        self.gaps.setdefault(self.part, []).append(gap)
        self.last, self._computed = now, computed


class Looker(threading.Thread):
    """Looks at the stack of the window's thread while it stands still."""

    def __init__(self, pulse: Pulse) -> None:
        super().__init__(daemon=True)
        self._pulse, self._window = pulse, threading.get_ident()
        self.found: list[tuple[float, str, str]] = []  # when the gap began, in which part, where

    def run(self) -> None:
        while True:
            time.sleep(LOOKS)
            began = self._pulse.last
            if (time.perf_counter() - began) * 1000 > SEEN:
                stack = traceback.extract_stack(sys._current_frames()[self._window])  # kept, a frame keeps painters
                self.found.append((began, self._pulse.part, "".join(traceback.format_list(stack[-6:]))))

    def report(self) -> str:
        """Of each gap, what was seen, and how often."""
        gaps = Counter(self.found)
        return "\n".join(
            f"{part}, gap at {began:.3f} s, {count} times:\n{stack}" for (began, part, stack), count in gaps.items()
        )


class Course(QObject):
    """Does one thing after the other; what is yielded names what goes on until the next answer."""

    def __init__(self, window: Window, pulse: Pulse, picture: Path, given: argparse.Namespace) -> None:
        super().__init__()
        self._window, self._pulse, self._picture, self._given = window, pulse, picture, given
        self._steps = self._do()
        self._pieces = given.pieces
        self._printing = QTimer(self, interval=0)
        self._printing.timeout.connect(self._on_printing)
        window.inquiry.loading.busy_changed.connect(self._on_loading)
        window.inquiry.answered.connect(self._go_on)
        window.inquiry.troubled.connect(self._on_troubled)
        QTimer.singleShot(2000, self._go_on)  # after the start itself

    def _do(self) -> Iterator[str]:
        inquiry, study = self._window.inquiry, self._window.study
        inquiry.open_model(study.question.source)
        yield "a model is loaded"
        tokens = len(study.scene.text.tokens)
        for number in range(self._given.explanations):
            study.step_layer(1)
            inquiry.choose_rules(RULES[number % len(RULES)])
            inquiry.choose_position(tokens - 2 - number // len(RULES))
            yield "it explains"
        inquiry.open_model(PICTURE_MODEL)
        inquiry.loading.loaded.connect(self._go_on)
        yield "a model is loaded"
        inquiry.loading.loaded.disconnect(self._go_on)
        self._window.pictures.open(str(self._picture))
        yield "a picture is opened"
        self._printing.start()
        yield "a long log"

    def _go_on(self, *_: object) -> None:
        # After the answer is drawn, which belongs to the step before
        QTimer.singleShot(300, self._next)

    def _next(self) -> None:
        self._pulse.part = next(self._steps, "")
        if not self._pulse.part:
            QApplication.quit()

    def _on_loading(self, busy: bool) -> None:
        if self._pulse.part in ("a model is loaded", "it explains"):
            self._pulse.part = "a model is loaded" if busy else "it explains"

    def _on_printing(self) -> None:
        self._window.log.append_text(PIECE)
        self._pieces -= 1
        if self._pieces == 0:
            self._printing.stop()
            self._go_on()

    def _on_troubled(self, trouble: object) -> None:
        print(trouble)
        QApplication.exit(1)


def smollm2() -> str:
    """Where SmolLM2 is; empty where it is not. Found in another process: torch has no place in the window's."""
    code = "from tests.real_weights import smollm2; print(smollm2() or '')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def picture_of(megabytes: float, path: Path) -> None:
    """Write a PNG of noise, which is as large as its pixels are."""
    side = round((megabytes * 1e6 / 3) ** 0.5)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(noise).save(path, compress_level=0)


def table(gaps: Mapping[str, list[tuple[float, float]]]) -> str:
    """One row for each thing that went on: how often the loop came by, and its gaps in milliseconds.

    What the window's thread computed in one gap is its own doing; the rest is waiting: for a disk, or for other work
    of the machine.
    """
    lines = ["| while | turns | p50 ms | p99 ms | longest ms | computed at most ms |", "|---|---|---|---|---|---|"]
    for part, found in gaps.items():
        longest, computed = np.array(found).T
        figures = " | ".join(f"{each:.1f}" for each in [*np.percentile(longest, [50, 99, 100]), computed.max()])
        lines.append(f"| {part} | {len(found)} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", help="SmolLM2 where it is installed, else the bundled Llama")
    options.add_argument("--explanations", type=int, default=8)
    options.add_argument("--megabytes", type=float, default=60, help="of the picture")
    options.add_argument("--pieces", type=int, default=10_000, help="of the log, of 100 lines each")
    options.add_argument("--stacks", action="store_true", help="print where the window's thread is in long gaps")
    given = options.parse_args()
    real = smollm2() if given.model is None else ""
    parts: list[QObject] = []
    lookers: list[Looker] = []

    def begin(window: Window, _: program.Options) -> None:
        window.study.type(EVEREST.read_text() if real else BUNDLED)
        window.commands["view.log"].trigger()
        pulse = Pulse()
        parts.extend((pulse, Course(window, pulse, picture, given)))
        if given.stacks:
            lookers.append(Looker(pulse))
            lookers[0].start()
        QTimer.singleShot(LIMIT, lambda: QApplication.exit(2))

    program.begin = begin
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = home
        picture = Path(home) / "noise.png"
        picture_of(given.megabytes, picture)
        code = program.run(program.Options(model=given.model or real or "bundled:llama"))
    pulse = parts[0]
    assert isinstance(pulse, Pulse)
    print(table(pulse.gaps))
    for looker in lookers:
        print(looker.report())
    raise SystemExit(code)


if __name__ == "__main__":
    main()
