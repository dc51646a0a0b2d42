"""Overlays painted over or instead of a view's content: that it is stale, or that there is none yet."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from inspector.look.theme import Space, Tones

_POINTER = 7  # points, from its middle


def stale_tag_width(metrics: QFontMetrics) -> int:
    """What the tag takes of a line, in points."""
    return metrics.horizontalAdvance("stale") + 3 * Space.SMALL


def paint_stale_tag(painter: QPainter, area: QRect, tones: Tones) -> None:
    """A small label in the upper right corner of `area`."""
    metrics = painter.fontMetrics()
    width, height = stale_tag_width(metrics) - Space.SMALL, metrics.height() + Space.TIGHT
    tag = QRectF(area.right() - width - Space.SMALL, area.top() + Space.SMALL, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tones.base), 7))  # sets it apart from what it lies on
    painter.drawRoundedRect(tag, height / 2, height / 2)
    painter.setPen(QColor(tones.warning))
    painter.setBrush(QColor(tones.warning_surface))
    painter.drawRoundedRect(tag, height / 2, height / 2)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, "stale")


def paint_empty(painter: QPainter, area: QRect, text: str, tones: Tones) -> None:
    """A quiet sentence in the middle of `area`."""
    painter.setPen(QColor(tones.quiet))
    inner = area.adjusted(Space.HUGE, Space.LARGE, -Space.HUGE, -Space.LARGE)
    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def paint_focus(painter: QPainter, area: QRect, tones: Tones) -> None:
    """A thin frame that says where the keys go."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QColor(tones.accent))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(0, 0, -1, -1))


def paint_pointer(painter: QPainter, point: QPointF) -> None:
    """A ring, seen on dark and on light, about what is under the pointer in another pane."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shade, width in ((QColor("white"), 3), (QColor("black"), 1)):
        painter.setPen(QPen(shade, width))
        painter.drawEllipse(point, _POINTER, _POINTER)
