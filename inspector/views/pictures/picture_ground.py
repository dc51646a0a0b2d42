"""The ground that relevance is laid on: the picture as the model saw it, or the original with that part marked."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from engine.protocol.values import Seen
from engine.reading.colours import UNSEEN, greyed
from inspector.views.pictures.heatmap import paint_pixels, rgb_image


class Ground:
    """A picture `width` by `height` pixels large; relevance lies on the part of it that is `seen`.

    Its own pixels may be fewer or more than these.
    """

    def __init__(self, pixels: np.ndarray, size: tuple[int, int] | None = None, seen: QRectF | None = None) -> None:
        height, width = pixels.shape[:2]
        self._pixels = pixels
        self.width: int = size[0] if size else width
        self.height: int = size[1] if size else height
        self.seen = seen or QRectF(0, 0, self.width, self.height)

    @classmethod
    def of(cls, seen: Seen, original: bool) -> Ground:
        """The original, where it is asked for and known; else the picture as the model saw it."""
        if not original or seen.whole is None or seen.box is None:
            return cls(seen.pixels)
        left, top, right, bottom = seen.box
        return cls(seen.whole, seen.original, QRectF(left, top, right - left, bottom - top))

    @property
    def is_all_seen(self) -> bool:
        """Whether the model saw all of it, to the pixel."""
        beside = self.seen.left(), self.seen.top(), self.width - self.seen.right(), self.height - self.seen.bottom()
        return max(beside) < 0.5

    def place(self, row: int, column: int, rows: int, columns: int) -> tuple[int, int] | None:
        """Which of `rows` by `columns` places of relevance lies under the middle of a pixel; None of what is unseen."""
        down = (row + 0.5 - self.seen.top()) / self.seen.height()
        across = (column + 0.5 - self.seen.left()) / self.seen.width()
        if not (0 <= down < 1 and 0 <= across < 1):
            return None
        return int(down * rows), int(across * columns)

    def seen_area(self, area: QRectF) -> QRectF:
        """Where the part that the model saw is, while all of the picture fills `area`."""
        scale = area.width() / self.width
        return QRectF(area.topLeft() + self.seen.topLeft() * scale, self.seen.size() * scale)

    def paint(self, painter: QPainter, area: QRectF, pane: QRectF, grey: bool) -> None:
        """Fill `area` with the picture, as far as it lies in `pane`; what the model did not see is faint."""
        paint_pixels(painter, area, self._greyed if grey else self._coloured, pane)
        if self.is_all_seen:
            return
        unseen = QPainterPath()  # of two rectangles, which leave out what lies in both
        unseen.setFillRule(Qt.FillRule.OddEvenFill)
        unseen.addRect(area)
        unseen.addRect(self.seen_area(area))
        veil = QColor(painter.background().color())
        veil.setAlphaF(1 - UNSEEN)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillPath(unseen, veil)

    def paint_lines(self, painter: QPainter, area: QRectF, rows: int, columns: int) -> None:
        """Lines between `rows` by `columns` patches, seen on dark and on light: a dark one beside a light one."""
        patches = self.seen_area(area)
        if min(patches.height() / rows, patches.width() / columns) < _SMALLEST_PATCH:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for shade, aside in ((QColor(0, 0, 0, 80), 0), (QColor(255, 255, 255, 70), 1)):
            painter.setPen(shade)
            for row in range(1, rows):
                y = round(patches.top() + row * patches.height() / rows) + aside
                painter.drawLine(QPointF(patches.left(), y), QPointF(patches.right(), y))
            for column in range(1, columns):
                x = round(patches.left() + column * patches.width() / columns) + aside
                painter.drawLine(QPointF(x, patches.top()), QPointF(x, patches.bottom()))

    @cached_property
    def _coloured(self) -> QImage:
        return rgb_image(self._pixels)

    @cached_property
    def _greyed(self) -> QImage:
        return rgb_image(greyed(self._pixels))


_SMALLEST_PATCH = 4  # points: closer lines would hide the picture
