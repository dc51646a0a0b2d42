"""What it costs the window to show another layer.

Prints the median time of the process from the choice of a layer to painted pixels, in the whole window at 1280 x 800,
and its ratio to what painting all of the window takes: a layer change should lay out nothing and paint a part. Run with
`python -W ignore -m tests.benchmarks.layer_change [MODEL] [--rounds 3]`. Without MODEL SmolLM2, where it is installed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.protocol.inputs import Text
from engine.protocol.values import ModelSource
from inspector.app import new_figures_worker, new_worker
from inspector.keeping.settings import Profile, SettingsFile
from inspector.look.theme import apply_theme
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.window import Window
from tests.real_weights import EVEREST, smollm2

_PROMPT = "In 1922 the British reached 8,320 m. The British reached 8,"
_SETTLED = 40  # ms of waiting, in which what is to be painted is painted


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", nargs="?")
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    path = smollm2()
    name = asked.model or (str(path) if path else "bundled:llama")
    question = Question(ModelSource(name), Text(EVEREST if name.endswith(".gguf") else _PROMPT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication(sys.argv[:1])
    apply_theme(application, "light")
    window = _answered(question)
    shown = window.study.scene.text
    assert shown is not None
    places = (*range(len(shown.relevance.layers)), None) * asked.rounds
    costs = [
        (_cost(partial(window.study.look_at_layer, place)), _cost(partial(_paint_all, window))) for place in places
    ]
    changes, whole = zip(*costs, strict=True)
    change, painted = statistics.median(changes), statistics.median(whole)
    tokens, most = len(shown.tokens), max(changes)
    print(f"another layer of {tokens} tokens: median {change * 1000:.1f} ms, at most {most * 1000:.1f} ms")
    print(f"ratio to painting the whole window: {change / painted:.2f}")
    window.close()


def _answered(question: Question) -> Window:
    """A window whose question is answered, and which is painted."""
    worker = new_worker("", spare=False)
    worker.start()
    window = Window(worker, new_figures_worker(), Study(question), Profile(SettingsFile(None)), new_worker)
    window.resize(1280, 800)
    window.show()
    window.inquiry.open_model(question.source)
    while not (window.study.is_answered and window.layers.text.map is not None):
        QTest.qWait(50)
    QTest.qWait(1000)
    return window


def _cost(change: Callable[[], object]) -> float:
    """Seconds of the process that a change takes until it is painted, less those of waiting alone."""
    begin = time.process_time()
    QTest.qWait(_SETTLED)
    waited = time.process_time()
    change()
    QTest.qWait(_SETTLED)
    return time.process_time() - waited - (waited - begin)


def _paint_all(window: Window) -> None:
    for widget in (window, *window.findChildren(QWidget)):
        widget.update()


if __name__ == "__main__":
    main()
