"""How long the token strip takes to show another layer of a long prompt.

Prints the median time of a repaint with 20,000 tokens, and its ratio to the same with 500 tokens: what is not visible
should cost next to nothing; and the same where tokens are merged to words, and with values under them. Run with
`python -m tests.benchmarks.strip_repaint [--tokens 20000] [--repeats 60]`; without a screen, offscreen.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.protocol.looks import Ramp, Unit
from engine.protocol.values import Token
from engine.reading.units import units_of
from inspector.look.theme import apply_theme
from inspector.views.tokens.token_strip import TokenStrip

_FEW = 500
_WORDS = (
    " the",
    " expedition",
    " reached",
    " 8",
    ",",
    "320",
    " m",
    " in",
    " 1922",
    ".\n",
    " Ever",
    "est",
    " höher",
    " 山",
)


def _tokens(count: int) -> list[Token]:
    random = np.random.default_rng(0)
    tokens, at = [], 0
    for index in range(count):
        text = _WORDS[random.integers(len(_WORDS))]
        text = text if index % 3 else f" w{index % 4000}"  # most prompts have some thousand different tokens
        tokens.append(Token(index, text, at, at + len(text), text.strip() or text))
        at += len(text)
    return tokens


def _repaint_times(
    strip: TokenStrip, count: int, repeats: int, unit: Unit = "token", numbers: bool = False
) -> list[float]:
    """Seconds from new values to painted pixels, each at another place of the prompt."""
    tokens = _tokens(count)
    layers = np.random.default_rng(1).normal(size=(8, count)).astype(np.float32)
    units = units_of(tokens, unit)
    merged = units.merged(layers)
    extremes = np.stack([merged.min(axis=0), merged.max(axis=0)]) if numbers else None
    strip.show_relevance(tokens, merged[0], 3.0, Ramp(), units=units, extremes=extremes)
    bar = strip.verticalScrollBar()
    times = []
    for repeat in range(repeats):
        bar.setValue(bar.maximum() * (repeat % 10) // 10)
        strip.viewport().repaint()
        begin = time.perf_counter()
        values = units.merged(layers[repeat % 8])
        strip.show_relevance(tokens, values, 3.0, Ramp(), share_of=33.4, units=units, extremes=extremes)
        strip.viewport().repaint()
        times.append(time.perf_counter() - begin)
    return times


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tokens", type=int, default=20_000)
    options.add_argument("--repeats", type=int, default=60)
    chosen = options.parse_args()
    count: int = chosen.tokens
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    apply_theme(app, "light")
    strip = TokenStrip()
    strip.resize(1000, 700)
    strip.show()
    QTest.qWaitForWindowExposed(strip)
    tokens = _tokens(count)
    begin = time.perf_counter()
    strip.show_relevance(tokens, np.zeros(count), 1.0, Ramp())
    first = time.perf_counter() - begin
    few = statistics.median(_repaint_times(strip, _FEW, chosen.repeats))
    many = statistics.median(_repaint_times(strip, count, chosen.repeats))
    print(f"first layout of {count} tokens: {first * 1000:.0f} ms")
    print(f"repaint after a layer change, {count} tokens: median {many * 1000:.1f} ms")
    words = statistics.median(_repaint_times(strip, count, chosen.repeats, "word"))
    print(f"the same in words: median {words * 1000:.1f} ms")
    units: tuple[Unit, ...] = ("token", "word")
    for unit in units:
        numbered = statistics.median(_repaint_times(strip, count, chosen.repeats, unit, numbers=True))
        print(f"the same with values under each {unit}: median {numbered * 1000:.1f} ms")
    print(f"ratio to {_FEW} tokens: {many / few:.2f}")


if __name__ == "__main__":
    main()
