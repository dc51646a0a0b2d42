"""A scroll bar that shows where in a long prompt relevance is."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollBar, QWidget

from engine.protocol.looks import Ramp
from engine.reading.colours import coloured
from inspector.look.theme import tones

_TICKED = 0.4  # of a ramp; weaker rows have no tick, or there would be one in nearly every row
_TICK = 2  # pixels high


class TickBar(QScrollBar):
    """Has a tick in the colour of the strongest token of each row that has a strong one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._strengths = np.zeros(0)
        self._ramp = Ramp()

    def show_ticks(self, strengths: np.ndarray, ramp: Ramp) -> None:
        """Mark rows by their strongest places on the ramp, float (row,) from -1 to 1, from the top to the bottom."""
        self._strengths, self._ramp = strengths, ramp
        self.update()

    def ticks(self) -> list[tuple[int, QColor]]:
        """The upper ends of all ticks, in pixels, and their colours. Rows that share a tick show the strongest."""
        strong = np.flatnonzero(np.abs(self._strengths) >= _TICKED)
        if not len(strong):
            return []
        tops = ((strong + 0.5) / len(self._strengths) * self.height() / _TICK).astype(int) * _TICK
        first = np.flatnonzero(np.diff(tops, prepend=-1))
        shown = strongest_of_each(self._strengths[strong], first)
        ground = tones(self.window().palette()).ground  # its own palette is the style sheet's
        painted = coloured(shown, self._ramp, ground)
        return [(top, QColor(*rgb)) for top, rgb in zip(tops[first].tolist(), painted.tolist(), strict=True)]

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        for top, colour in self.ticks():
            painter.fillRect(_TICK, top, self.width() - 2 * _TICK, _TICK, colour)


def strongest_of_each(places: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The place farthest from zero of each group, float (group,); `starts` (group,) is where each begins."""
    most, least = np.maximum.reduceat(places, starts), np.minimum.reduceat(places, starts)
    strongest: np.ndarray = np.where(most >= -least, most, least)
    return strongest
