"""Does the window stay smooth while the worker loads and runs a model?

    python tests/benchmarks/event_loop.py MODEL [--explanations N] [--short]

A timer in the window's thread asks to be called every 5 ms; the gap is how much later than that it was. The window is
the real one with its worker, a prompt of a few hundred tokens is explained under every rule set and at other positions,
and each answer is drawn. Wanted: 99th percentile <= 16 ms, longest <= 50 ms.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from inspector import app as program
from inspector.intake.examples import read_examples
from inspector.panes.toolbar import RULES
from inspector.window import Window

INTERVAL = 5  # ms
LIMIT = 20 * 60 * 1000  # ms


class Pulse(QObject):
    """How late the event loop calls, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: dict[str, list[float]] = {}
        self.part = "start"
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=INTERVAL, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self.gaps.setdefault(self.part, []).append((now - self._last) * 1000 - INTERVAL)
        self._last = now


class Course(QObject):
    """Explains one prompt again and again, each time in another way."""

    def __init__(self, window: Window, pulse: Pulse, explanations: int) -> None:
        super().__init__()
        self._window, self._pulse = window, pulse
        self._steps = [(RULES[i % len(RULES)], i // len(RULES)) for i in range(explanations)]
        window.inquiry.loading.busy_changed.connect(self._on_loading)
        window.inquiry.answered.connect(self._on_answered)
        window.inquiry.troubled.connect(self._on_troubled)

    def _on_loading(self, busy: bool) -> None:
        self._pulse.part = "load" if busy else "explain"

    def _on_answered(self) -> None:
        if not self._steps:
            QTimer.singleShot(500, QApplication.quit)
            return
        rules, back = self._steps.pop()
        self._window.study.step_layer(1)
        tokens = len(self._window.study.scene.text.tokens)
        self._window.inquiry.choose_rules(rules)
        self._window.inquiry.choose_position(tokens - 2 - back)

    def _on_troubled(self, trouble: object) -> None:
        print(trouble)
        QApplication.exit(1)


def begin(window: Window, short: bool) -> None:
    prompts = sorted((example.prompt for example in read_examples()), key=len)
    window.study.type(prompts[0 if short else -1])
    QTimer.singleShot(2000, lambda: window.inquiry.open_model(window.study.question.source))  # after the start itself


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model")
    arguments.add_argument("--explanations", type=int, default=8)
    arguments.add_argument("--short", action="store_true", help="a prompt that small models take")
    chosen = arguments.parse_args()
    parts: list[QObject] = []

    def begin_measuring(window: Window, options: program.Options) -> None:
        pulse = Pulse()
        parts.extend((pulse, Course(window, pulse, chosen.explanations)))
        QTimer.singleShot(LIMIT, lambda: QApplication.exit(2))
        begin(window, chosen.short)

    program.begin = begin_measuring
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = home
        code = program.run(program.Options(model=chosen.model))
    pulse = parts[0]
    assert isinstance(pulse, Pulse)
    for part, gaps in pulse.gaps.items():
        median, high, longest = np.percentile(gaps, [50, 99, 100])
        print(f"{part:8} {len(gaps):6} gaps: median {median:.1f} ms, 99 % {high:.1f} ms, longest {longest:.1f} ms")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
