"""The colours in force as a bar, with numbers at its ends and at zero."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.protocol.looks import Ground, Ramp
from engine.reading.colours import colours
from inspector.look.numbers import signed, written
from inspector.look.theme import Space, tones

_WIDTH, _HEIGHT, _STEPS = 176, 10, 352


class ColourBar(QWidget):
    """From what speaks against to what speaks for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit: float | None = None
        self._ramp = Ramp()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def show_scale(self, limit: float, ramp: Ramp, text: str) -> None:
        """The colours end at ± `limit` logits; `text` says how that limit was chosen."""
        self._limit, self._ramp = limit, ramp
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
        return QSize(_WIDTH, _HEIGHT + Space.TIGHT + self.fontMetrics().height())

    def bar_rect(self) -> QRectF:
        """Where the colours are."""
        return QRectF(0, 0, self.width(), _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._limit is None:
            return
        t = tones(self.palette())
        painter = QPainter(self)
        bar = self.bar_rect()
        painter.drawImage(bar, _picture(self._ramp, t.ground))
        low, zero, high = self.numbers()
        metrics = painter.fontMetrics()
        below = QRectF(0, bar.bottom() + Space.HAIR, bar.width(), metrics.height())
        painter.setPen(QColor(t.text))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, low)
        unit = f"{high} logits"
        half = bar.width() / 2 - metrics.horizontalAdvance(zero)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, unit if metrics.horizontalAdvance(unit) < half else high)
        if max(map(metrics.horizontalAdvance, (low, high))) < half:
            painter.setPen(QColor(t.quiet))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, zero)


@lru_cache(maxsize=4)
def _picture(ramp: Ramp, ground: Ground) -> QImage:
    """The colours from one end to the other, a pixel high."""
    table = np.ascontiguousarray(colours(np.linspace(-1, 1, _STEPS), 1.0, ramp, ground))
    return QImage(table.data, _STEPS, 1, 3 * _STEPS, QImage.Format.Format_RGB888).copy()
