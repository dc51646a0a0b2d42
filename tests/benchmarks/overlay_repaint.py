"""How long a picture takes to be painted with its heatmap over it at another opacity, as when a slider is dragged.

Prints the median time of a repaint of 1024 by 1024 pixels, shrunk and as large as they are. Run with
`python -m tests.benchmarks.overlay_repaint [--side 1024] [--repeats 60]`; without a screen, offscreen.
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

from engine.protocol.looks import Ramp
from inspector.look.theme import apply_theme
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_view import PictureView


def _repaint_times(view: PictureView, repeats: int) -> list[float]:
    """Seconds from another opacity to painted pixels."""
    times = []
    for repeat in range(repeats):
        begin = time.perf_counter()
        view.set_opacity(repeat / repeats)
        view.repaint()
        times.append(time.perf_counter() - begin)
    return times


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--side", type=int, default=1024, help="pixels of the picture")
    options.add_argument("--repeats", type=int, default=60)
    chosen = options.parse_args()
    side: int = chosen.side
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    apply_theme(app, "light")
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (side, side, 3), np.uint8)
    relevance = random.normal(size=(side, side)).astype(np.float32)
    view = PictureView()
    view.set_mode("overlay")
    for width, height in ((700, 500), (side + 40, side + 40)):
        view.resize(width, height)
        view.show()
        QTest.qWaitForWindowExposed(view)
        begin = time.perf_counter()
        view.show_picture(Ground(pixels), [relevance], 3.0, Ramp())
        shown = time.perf_counter() - begin
        median = statistics.median(_repaint_times(view, chosen.repeats))
        print(f"{side} × {side} pixels in a view of {width} × {height}:")
        print(f"  other relevance: {shown * 1000:.0f} ms; another opacity: median {median * 1000:.1f} ms")


if __name__ == "__main__":
    main()
