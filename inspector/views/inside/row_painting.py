"""What the cells of these tables have in common: the ground of a chosen row, numbers in colour, strips of tokens."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from inspector.look.theme import Space, Tones, tones
from inspector.views.layers.layer_image import strongest

_ACCENT, _BAR = 3, 12  # pixels


def begin_cell(painter: QPainter, option: QStyleOptionViewItem, is_first: bool) -> tuple[Tones, QRect]:
    """Lay the ground of a cell; the colours, and the room that its content has."""
    t, area = tones(option.palette), option.rect
    if option.state & QStyle.StateFlag.State_Selected:
        painter.fillRect(area, QColor(t.soft))
        if is_first:
            painter.fillRect(QRect(area.left(), area.top(), _ACCENT, area.height()), QColor(t.accent))
    return t, area.adjusted(Space.SMALL, 0, -Space.SMALL, 0)


def paint_text(painter: QPainter, cell: QRect, text: str, side: Qt.AlignmentFlag, colour: str) -> None:
    """A text, cut at its end where there is no room for it."""
    painter.setPen(QColor(colour))
    painter.drawText(cell, side, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, cell.width()))


def paint_bar(painter: QPainter, cell: QRect, value: float, limit: float, ramp: Ramp, t: Tones) -> None:
    """A bar as long and in the colour that the value has beside `limit`."""
    share = min(abs(value) / limit, 1.0) if limit else 0.0
    bar = QRectF(cell.left(), cell.center().y() - _BAR / 2 + 0.5, max(share * cell.width(), 1), _BAR)
    colour = QColor(*colours(np.array([value]), limit or 1.0, ramp, t.ground)[0].tolist())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(bar, 2, 2)


def paint_strip(painter: QPainter, area: QRect, values: np.ndarray, limit: float, ramp: Ramp, t: Tones) -> None:
    """All tokens side by side, in a thin frame; where they are more than pixels, the strongest of a pixel is seen."""
    ratio = painter.device().devicePixelRatioF()
    inside = area.adjusted(1, 1, -1, -1)
    shown, _ = strongest(np.nan_to_num(values)[None], 0, len(values), max(int(inside.width() * ratio), 1))
    pixels = np.ascontiguousarray(colours(shown, limit, ramp, t.ground))
    image = QImage(pixels.data, pixels.shape[1], 1, pixels.shape[1] * 3, QImage.Format.Format_RGB888)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(inside, image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QColor(t.line))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(0, 0, -1, -1))
