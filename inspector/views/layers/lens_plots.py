"""The lens beside the layer map, on the same rows: the likeliest after each layer, and the target's rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetrics

from inspector.look.theme import Tones
from inspector.views.layers.layer_axes import dress_axis

_WORDS, _RANKS = 96, 88  # pixels
_LEAST_RUN = 14  # pixels that a word needs
_BAR, _DOT, _GAP = 3, 5, 1  # pixels
_LONGEST = 68  # pixels of a word
_ELIDED = Qt.TextElideMode.ElideRight


@dataclass(frozen=True, eq=False)
class LensColumn:
    """What is likeliest on each row, and the target's rank there; the first row, the input, has none.

    `facts` are the likeliest of each row with their probabilities, in words.
    """

    words: Sequence[str]
    ranks: Sequence[int]
    facts: Sequence[Sequence[tuple[str, str]]]

    def runs(self) -> Iterator[tuple[int, int]]:
        """The first and the last row of neighbours with the same word."""
        first = 1
        for row in range(2, len(self.words) + 1):
            if row == len(self.words) or self.words[row] != self.words[first]:
                yield first, row - 1
                first = row


class RankAxis(pg.AxisItem):  # type: ignore[misc]
    """Ranks on a logarithmic scale, the first at the right."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        most = int(np.floor(-low))
        step = -(-most // 2) or 1
        return [(1.0, [-float(power) for power in range(0, most + 1, step)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [_brief(10 ** round(-value)) for value in values]


class LensPlots:
    """Two plots in a layout of plots; hidden where there is nothing to show."""

    def __init__(self, layout: pg.GraphicsLayout, column: int, rows: pg.PlotItem) -> None:
        self._layout, self._column = layout, column
        self._words = layout.addPlot(0, column, enableMenu=False)
        self._ranks = layout.addPlot(0, column + 1, enableMenu=False, axisItems={"bottom": RankAxis()})
        self._shown: LensColumn | None = None
        self._tones: Tones | None = None
        self._font = QFont()
        for plot, width in zip(self.plots, (_WORDS, _RANKS), strict=True):
            plot.setMinimumWidth(width)
            plot.setMaximumWidth(width)
            plot.setYLink(rows)
            plot.hideAxis("left")
            plot.hideButtons()
            plot.setMouseEnabled(x=False, y=False)
            plot.getViewBox().setDefaultPadding(0)
        self._words.getAxis("bottom").setTicks([[(0.0, " ")]])  # as high as the others, and nothing on it
        self._words.setXRange(0, 1, padding=0)
        self._line = pg.PlotCurveItem()
        self._dots = pg.ScatterPlotItem(size=_DOT, pxMode=True)
        for item in (self._line, self._dots):
            self._ranks.addItem(item, ignoreBounds=True)
        self._runs: list[pg.GraphicsObject] = []
        self._opacity = 1.0
        for changed in (rows.getViewBox().sigYRangeChanged, self._words.getViewBox().sigResized):
            changed.connect(lambda *_: self._draw_runs())
        self._settle()

    @property
    def plots(self) -> tuple[pg.PlotItem, pg.PlotItem]:
        """The words, and the ranks."""
        return self._words, self._ranks

    @property
    def is_shown(self) -> bool:
        return self._shown is not None

    def show(self, lens: LensColumn | None) -> None:
        """Draw another lens, or none."""
        if lens is not self._shown:
            was_shown, self._shown = self.is_shown, lens
            if was_shown != self.is_shown:
                self._settle()
            self._draw()

    def set_opacity(self, opacity: float) -> None:
        self._opacity = opacity
        for item in (self._line, self._dots, *self._runs):
            item.setOpacity(opacity)

    def row_at(self, point: QPointF) -> int | None:
        """The row at a point of the scene, where the lens has one."""
        for plot in self.plots:
            box = plot.getViewBox()
            if self._shown is not None and box.sceneBoundingRect().contains(point):
                row = round(box.mapSceneToView(point).y())
                return row if 1 <= row < len(self._shown.words) else None
        return None

    def dress(self, t: Tones, font: QFont, title_height: int) -> None:
        """Take colours and font."""
        self._tones, self._font = t, font
        for plot, title in ((self._words, "likeliest"), (self._ranks, "rank")):
            dress_axis(plot.getAxis("bottom"), font, t)
            plot.setTitle(title, color=t.quiet, size=f"{font.pointSizeF():.1f}pt")
            plot.titleLabel.item.setFont(font)
            plot.titleLabel.setMaximumHeight(title_height)
            plot.layout.setRowFixedHeight(0, title_height)
        self._words.getAxis("bottom").setPen(None)
        self._words.getAxis("bottom").setTickPen(pg.mkPen(None))
        self._line.setPen(pg.mkPen(t.edge, width=1))
        self._draw()

    def _settle(self) -> None:
        """Take the room that is needed, or none."""
        for column, plot in enumerate(self.plots, self._column):
            if self.is_shown:
                self._layout.addItem(plot, 0, column)
            else:
                self._layout.removeItem(plot)

    def _draw(self) -> None:
        t, shown = self._tones, self._shown
        if t is None or shown is None:
            return
        ranks = np.asarray(shown.ranks[1:], np.float64)
        rows = np.arange(1, len(shown.ranks))
        places = -np.log10(np.maximum(ranks, 1))
        self._ranks.setXRange(min(float(places.min(initial=-1.0)), -1.0) - 0.15, 0.15, padding=0)
        self._line.setData(places, rows)
        self._dots.setData(places, rows, pen=None, brush=[t.accent if rank == 1 else t.quiet for rank in ranks])
        self._draw_runs()

    def _draw_runs(self) -> None:
        """A bar for each run, with its word where there is room for it."""
        for item in self._runs:
            self._words.removeItem(item)
        self._runs.clear()
        t, shown = self._tones, self._shown
        if t is None or shown is None:
            return
        box = self._words.getViewBox()
        low, high = box.viewRange()[1]
        height = max(box.height(), 1) / max(high - low, 1e-9)  # pixels of a row
        for first, last in shown.runs():
            is_first = all(shown.ranks[row] == 1 for row in range(first, last + 1))
            colour = t.accent if is_first else t.disabled
            ends = [first - 0.5 + _GAP / height, last + 0.5 - _GAP / height]
            pen = pg.mkPen(colour, width=_BAR)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            self._add(pg.PlotCurveItem([0.04, 0.04], ends, pen=pen))
            top, bottom = min(last + 0.5, high), max(first - 0.5, low)
            if (top - bottom) * height >= _LEAST_RUN:
                word = QFontMetrics(self._font).elidedText(shown.words[first], _ELIDED, _LONGEST)
                text = pg.TextItem(word, color=t.accent if is_first else t.text, anchor=(0, 0.5))
                text.setFont(self._font)
                text.setPos(0.1, (top + bottom) / 2)
                self._add(text)

    def _add(self, item: pg.GraphicsObject) -> None:
        item.setOpacity(self._opacity)
        self._words.addItem(item, ignoreBounds=True)
        self._runs.append(item)


def _brief(rank: int) -> str:
    return f"{rank // 1000}k" if rank >= 1000 else str(rank)
