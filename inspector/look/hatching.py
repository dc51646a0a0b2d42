"""Shares of a bar: solid, or hatched by lines of our own, for Qt's patterns take a hundred times as long."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

_STEP = 4.0  # points from one stroke to the next


def paint_share(painter: QPainter, area: QRectF, ink: QColor, is_hatched: bool) -> None:
    """Fill `area`, or hatch it."""
    if not is_hatched:
        painter.fillRect(area, ink)
        return
    painter.save()
    painter.setClipRect(area)
    painter.setPen(QPen(ink, 1))
    strokes = int((area.width() + area.height()) / _STEP) + 1
    lefts = [area.left() - area.height() + _STEP * stroke for stroke in range(strokes)]
    painter.drawLines([QLineF(x, area.bottom(), x + area.height(), area.top()) for x in lefts])
    painter.restore()
