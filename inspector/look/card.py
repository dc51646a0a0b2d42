"""A small card beside the pointer: names and values, plain text only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from inspector.look.theme import Space, tones

_WIDEST_TITLE = 320


class Card(QWidget):
    """Shows a title over rows of (name, value), never longer than its parent is seen in a window that is in front.

    Qt's own tool tips would take a token such as `<b>` for markup.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        self._grid.setHorizontalSpacing(Space.LARGE)
        self._grid.setVerticalSpacing(Space.HAIR)
        self._title = self._label(bold=True)
        self._grid.addWidget(self._title, 0, 0, 1, 2)
        self._rows: list[tuple[QLabel, QLabel]] = []
        parent.installEventFilter(self)

    def show_near(self, area: QRect, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Appear below `area` (global), above it where the screen ends."""
        metrics = self._title.fontMetrics()
        self._title.setText(metrics.elidedText(title, Qt.TextElideMode.ElideRight, _WIDEST_TITLE))
        while len(self._rows) < len(rows):
            self._add_row()
        for index, (name, value) in enumerate(self._rows):
            name.setVisible(index < len(rows))
            value.setVisible(index < len(rows))
            if index < len(rows):
                name.setText(rows[index][0])
                value.setText(metrics.elidedText(rows[index][1], Qt.TextElideMode.ElideRight, _WIDEST_TITLE))
        self._dress()
        self.adjustSize()
        self.move(self._place(area))
        self.show()

    def texts(self) -> list[str]:
        """All texts shown, title first."""
        shown = [label for row in self._rows for label in row if not label.isHidden()]
        return [self._title.text(), *(label.text() for label in shown)]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go with the parent."""
        if event.type() in (QEvent.Type.Hide, QEvent.Type.WindowDeactivate):
            self.hide()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the corners too: what is left out of a window is black where nothing composes the screen."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(tones(self.palette()).line), 1))
        painter.setBrush(self.palette().toolTipBase())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _place(self, area: QRect) -> QPoint:
        screen = self.screen().availableGeometry()
        x = max(min(area.left(), screen.right() - self.width()), screen.left())
        below = area.bottom() + Space.SMALL
        fits = below + self.height() <= screen.bottom()
        return QPoint(x, below if fits else area.top() - Space.SMALL - self.height())

    def _add_row(self) -> None:
        name, value = self._label(), self._label()
        value.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(name, len(self._rows) + 1, 0)
        self._grid.addWidget(value, len(self._rows) + 1, 1)
        self._rows.append((name, value))

    def _label(self, bold: bool = False) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        if bold:
            label.setFont(_emphasised(label.font()))
        return label

    def _dress(self) -> None:
        quiet = self.palette()
        quiet.setColor(quiet.ColorRole.WindowText, tones(quiet).quiet)
        for name, _ in self._rows:
            name.setPalette(quiet)


def _emphasised(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold
