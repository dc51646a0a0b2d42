"""What stands over pictures beside each other: which answer each shows, and how to let the pinned one go."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from inspector.naming import named
from inspector.theme import Space, tones


class SideTitles(QWidget):
    """As wide as the panes below it: each title is in the middle over its own."""

    let_go = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(Space.SMALL)
        self._titles: tuple[_Title, ...] = ()

    def show_titles(self, titles: Sequence[str], pinned: int | None) -> None:
        """Write a title over each pane; `pinned` is the one that can be let go."""
        if [title.text for title in self._titles] == list(titles):
            return
        for title in self._titles:
            self._row.removeWidget(title)
            title.deleteLater()
        self._titles = tuple(_Title(text, index == pinned) for index, text in enumerate(titles))
        for title in self._titles:
            self._row.addWidget(title, 1)
            title.let_go.connect(self.let_go)

    def texts(self) -> tuple[str, ...]:
        """The titles from the left."""
        return tuple(title.text for title in self._titles)


class _Title(QWidget):
    """A line, cut where there is no room for it; the tool tip has all of it."""

    let_go = Signal()

    def __init__(self, text: str, is_pinned: bool) -> None:
        super().__init__()
        self.text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        self._button: QToolButton | None = None
        if is_pinned:
            self._button = button = named("let_go", QToolButton())
            button.setText("×")
            button.setAutoRaise(True)
            button.setToolTip("Let the pinned answer go")
            button.setAccessibleName("Let the pinned answer go")
            button.clicked.connect(self.let_go)
            row.addWidget(button)

    def sizeHint(self) -> QSize:
        return QSize(80, self.fontMetrics().height() + Space.SMALL)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        taken = self._button.width() + Space.TIGHT if self._button else 0
        painter.setPen(QColor(tones(self.palette()).text))
        room = self.rect().adjusted(taken, 0, -taken, 0)
        text = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
