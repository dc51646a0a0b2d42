"""A line to find text in: field, count, next and previous."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from inspector.look.icons import icon
from inspector.look.numbers import grouped
from inspector.look.theme import Space


class FindBar(QWidget):
    """Emits the text to look for, and is told how much was found."""

    text_changed = Signal(str)
    next_clicked = Signal()
    previous_clicked = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self._field = QLineEdit(self)
        self._field.setPlaceholderText("Find in the prompt")
        self._field.setAccessibleName("Find in the prompt")
        self._field.setClearButtonEnabled(True)
        self._field.textChanged.connect(self.text_changed)
        self._count = QLabel(self)
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        self._count.setMinimumWidth(self._count.fontMetrics().horizontalAdvance("1000 of 1000"))
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.SMALL, Space.TIGHT, Space.SMALL, Space.TIGHT)
        row.setSpacing(Space.TIGHT)
        row.addWidget(self._field, 1)
        row.addWidget(self._count)
        for name, tip, signal in (
            ("previous", "Previous (Shift+Enter)", self.previous_clicked),
            ("next", "Next (Enter)", self.next_clicked),
            ("close", "Close (Esc)", self.closed),
        ):
            button = QToolButton(self)
            button.setIcon(icon(name))
            button.setAutoRaise(True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(signal)
            row.addWidget(button)

    def text(self) -> str:
        return self._field.text()

    def take_focus(self) -> None:
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def show_count(self, now: int, count: int) -> None:
        """`now` counts from 1; 0 where none is chosen."""
        if not self.text():
            self._count.setText("")
        elif not count:
            self._count.setText("not found")
        else:
            self._count.setText(f"{grouped(now)} of {grouped(count)}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.closed.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                backwards = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                (self.previous_clicked if backwards else self.next_clicked).emit()
            case _:
                super().keyPressEvent(event)
