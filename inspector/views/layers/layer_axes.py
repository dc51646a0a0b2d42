"""Axes that count: ticks at whole numbers, as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QFont

from inspector.look.theme import Tones

_OVERHANG = 12  # pixels a label may stand out beyond its axis
_LONGEST = 12  # characters of a label
_STRIDES: list[int] = [factor * 10**power for power in range(6) for factor in (1, 2, 5)]
_LAYER_ROOM, _TOKEN_ROOM, _NAME_ROOM = 20, 64, 56  # pixels from one tick to the next
_NAMED = 0.3  # of the limit of some row: what a token has to reach for its name to be written


def stride(count: float, size: float, room: float) -> int:
    """The smallest round step that leaves `room` pixels between ticks when `count` things share `size` pixels."""
    return next((step for step in _STRIDES if count / step * room <= max(size, 1)), _STRIDES[-1])


class LayerAxis(pg.AxisItem):  # type: ignore[misc]
    """Labels of layers: row 0 is the input, row i + 1 is layer i."""

    def __init__(self) -> None:
        super().__init__("left")
        self.rows = 0

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        step = stride(high - low, size, _LAYER_ROOM)
        first = 1 if step == 1 else step + 1
        return [(step, [0.0, *(float(row) for row in range(first, self.rows, step))])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return ["input" if value < 0.5 else str(round(value) - 1) for value in values]


class LabelAxis(pg.AxisItem):  # type: ignore[misc]
    """Labels of rows, as many as there is room for."""

    def __init__(self) -> None:
        super().__init__("left")
        self.labels: Sequence[str] = ()

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        step = stride(high - low, size, _LAYER_ROOM)
        last = len(self.labels) - 1  # the first to be read
        return [(step, [float(row) for row in range(last, -1, -step)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [_brief(self.labels[round(value)]) for value in values]


def _brief(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


class TokenAxis(pg.AxisItem):  # type: ignore[misc]
    """The tokens that stand out, by name, as many as there is room for; without names, positions counted from 0."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._labels: Sequence[str] = ()
        self._strengths = np.zeros(0)

    def show_tokens(self, labels: Sequence[str], strengths: np.ndarray) -> None:
        """What tokens are called, and how much each stands out (token,), from 0 to 1."""
        self._labels, self._strengths = labels, strengths
        self.picture = None
        self.update()

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        if not len(self._labels):
            step = stride(high - low, size, _TOKEN_ROOM)
            first = -(-int(max(low, 0)) // step) * step
            positions = range(first, int(high + 0.5) + 1, step)
            return [(step, [float(position) for position in positions if position <= high])]
        first, last = max(int(low + 0.5), 0), min(int(high + 0.5), len(self._labels) - 1)
        column = size / max(high - low, 1e-9)
        chosen: list[int] = []
        for place in np.argsort(-self._strengths[first : last + 1], kind="stable").tolist():
            position = first + place
            if self._strengths[position] < _NAMED and column < _NAME_ROOM:
                break
            if all(abs(position - other) * column >= _NAME_ROOM for other in chosen):
                chosen.append(position)
        return [(1.0, [float(position) for position in sorted(chosen)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if not len(self._labels):
            return [str(round(value)) for value in values]
        return [_brief(self._labels[round(value)].strip() or self._labels[round(value)]) for value in values]


def dress_axis(axis: pg.AxisItem, font: QFont, tones: Tones) -> None:
    """The application's font and colours, and no guessed units."""
    axis.enableAutoSIPrefix(False)
    axis.setPen(pg.mkPen(tones.line))
    axis.setTickPen(pg.mkPen(tones.line))
    axis.setTextPen(pg.mkPen(tones.quiet))
    axis.setStyle(tickFont=font, tickLength=-4, maxTickLevel=0, hideOverlappingLabels=_OVERHANG)
