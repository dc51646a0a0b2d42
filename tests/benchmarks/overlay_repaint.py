"""How long a picture takes to be painted with its heatmap over it at another opacity, as when a slider is dragged.

Prints the median time of a repaint of 1024 by 1024 pixels, shrunk and as large as they are. Run with
`python -m tests.benchmarks.overlay_repaint`; without a screen, offscreen.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from inspector.look.theme import apply_theme
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_view import PictureView

_SIDE = 1024
_REPEATS = 60


def _repaint_times(view: PictureView) -> list[float]:
    """Seconds from another opacity to painted pixels."""
    times = []
    for repeat in range(_REPEATS):
        begin = time.perf_counter()
        view.set_opacity(repeat / _REPEATS)
        view.repaint()
        times.append(time.perf_counter() - begin)
    return times


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    apply_theme(app, "light")
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    relevance = random.normal(size=(_SIDE, _SIDE)).astype(np.float32)
    view = PictureView()
    view.set_mode("overlay")
    for width, height in ((700, 500), (_SIDE + 40, _SIDE + 40)):
        view.resize(width, height)
        view.show()
        QTest.qWaitForWindowExposed(view)
        begin = time.perf_counter()
        view.show_picture(Ground(pixels), [relevance], 3.0, "CET_D1A")
        shown = time.perf_counter() - begin
        median = statistics.median(_repaint_times(view))
        print(f"{_SIDE} × {_SIDE} pixels in a view of {width} × {height}:")
        print(f"  other relevance: {shown * 1000:.0f} ms; another opacity: median {median * 1000:.1f} ms")


if __name__ == "__main__":
    main()
