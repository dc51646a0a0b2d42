"""The legend: the colours in force and what they mean."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from inspector.look.numbers import signed, written
from inspector.look.theme import Space, tones

_BAR_HEIGHT = 10
_BAR_WIDTH = 280
_STEPS = 512


class Legend(QWidget):
    """A horizontal bar of colours with numbers at its ends and at zero, and the scale in words beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit: float | None = None
        self._ramp = Ramp()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def show_scale(self, limit: float, ramp: Ramp, text: str) -> None:
        """The colours end at ± `limit` logits; `text` says how that limit was chosen."""
        self._limit, self._ramp, self._text = limit, ramp, text
        self.setAccessibleDescription(f"{' '.join(self.numbers())} logits; {text}")
        self.setToolTip(text)
        self.update()

    def clear(self) -> None:
        self._limit = None
        self.setAccessibleDescription("")
        self.setToolTip("")
        self.update()

    def numbers(self) -> tuple[str, str, str]:
        """The numbers below the bar: its left end, middle and right end."""
        limit = self._limit or 0.0
        return written(-limit), "0", signed(limit)

    def sizeHint(self) -> QSize:
        return QSize(_BAR_WIDTH + 160, _BAR_HEIGHT + self.fontMetrics().height() + 3 * Space.TIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(124, self.sizeHint().height())

    def bar_rect(self) -> QRectF:
        """Where the colours are."""
        room = self.width() - Space.MEDIUM - Space.SMALL
        width = max(min(_BAR_WIDTH, self.width() * 0.5), self._numbers_width())
        return QRectF(Space.MEDIUM, Space.TIGHT, min(width, room), _BAR_HEIGHT)

    def _numbers_width(self) -> float:
        """What the numbers take with room between them: the middle one stays in the middle."""
        low, zero, high = map(self.fontMetrics().horizontalAdvance, self.numbers())
        return 2 * max(low, high) + zero + 2 * Space.SMALL

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._limit is None:
            return
        t = tones(self.palette())
        painter = QPainter(self)
        bar = self.bar_rect()
        table = np.ascontiguousarray(colours(np.linspace(-1, 1, _STEPS), 1.0, self._ramp, t.ground))
        image = QImage(table.data, len(table), 1, 3 * len(table), QImage.Format.Format_RGB888)
        painter.drawImage(bar, image)
        painter.setPen(QColor(t.line))
        painter.drawRect(bar)
        self._paint_numbers(painter, bar)
        painter.setPen(QColor(t.quiet))
        left = int(bar.right()) + Space.LARGE
        metrics, room = painter.fontMetrics(), self.width() - left - Space.SMALL
        if 2 * room < metrics.horizontalAdvance(self._text):
            return  # less than half of the words says nothing; the tool tip does
        words = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(
            QRectF(left, 0, self.width() - left, self.height() - Space.TIGHT), Qt.AlignmentFlag.AlignVCenter, words
        )

    def _paint_numbers(self, painter: QPainter, bar: QRectF) -> None:
        painter.setPen(self.palette().windowText().color())
        low, zero, high = self.numbers()
        below = QRectF(bar.left(), bar.bottom() + Space.HAIR, bar.width(), painter.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, zero)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{high} logits" if bar.width() > 240 else high)
        tick = bar.center().x()
        painter.drawLine(int(tick), int(bar.bottom()), int(tick), int(bar.bottom()) + 2)
