"""A line of text, cut where there is no room for it, and then told in full under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QToolTip, QWidget


class ElidedLabel(QLabel):
    """A label as wide as its text where it can be. Parts that give way are cut first, then the end of the line."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self._giving_way: tuple[str, ...] = ()

    def set_giving_way(self, parts: Sequence[str]) -> None:
        """Parts of the text that matter least, the least first."""
        self._giving_way = tuple(parts)
        self.update()

    def shown(self) -> str:
        """The text as far as there is room."""
        return _cut(self.text(), self._giving_way, self.fontMetrics(), self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.shown() != self.text():
            tip = "".join(f"<p>{escape(line)}</p>" for line in (self.text(), self.toolTip()) if line)
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown())


def _cut(text: str, giving_way: Sequence[str], metrics: QFontMetrics, room: int) -> str:
    for part in giving_way:
        over = metrics.horizontalAdvance(text) - room
        if over > 0 and part in text:
            left = metrics.horizontalAdvance(part) - over
            text = text.replace(part, metrics.elidedText(part, Qt.TextElideMode.ElideRight, left) or "…", 1)
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
