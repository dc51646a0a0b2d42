"""Messages with roles: a field for each, in a column that scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector.look.icons import icon
from inspector.look.labels import plain_label
from inspector.look.theme import Space
from inspector.views.input.text_field import TextField
from inspector.views.input.token_count import TokenCount

ROLES = ("system", "user", "assistant")
Said = tuple[str, str]  # role and content
_LOWEST, _TALLEST = 2, 10  # lines of a field
_PADDING = 12  # points, of the style sheet


class ChatEditor(QWidget):
    """Emits the messages as they are typed, and what is submitted; the first is the system's, and may be empty."""

    messages_changed = Signal(tuple)  # of Said, by the person; set_messages is silent
    submitted = Signal()
    files_dropped = Signal(list)  # local paths

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._column = QVBoxLayout()
        self._column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        self._column.setSpacing(Space.SMALL)
        self._add = QPushButton("Add message")
        self._add.clicked.connect(self._on_add)
        inside = QWidget()
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self._column)
        below = QHBoxLayout()
        below.setContentsMargins(Space.SMALL, 0, Space.SMALL, Space.SMALL)
        self._count = TokenCount()
        below.addWidget(self._add)
        below.addStretch(1)
        below.addWidget(self._count)
        whole.addLayout(below)
        whole.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        self.set_messages(())

    def messages(self) -> tuple[Said, ...]:
        """What each role says; a message that says nothing is none."""
        return tuple(row.said() for row in self._rows if row.said()[1].strip())

    def set_messages(self, messages: Sequence[Said]) -> None:
        """Show other messages: at least the system's field and one for the user."""
        if messages and tuple(messages) == self.messages():
            return
        shown = list(messages)
        if not shown or shown[0][0] != "system":
            shown.insert(0, ("system", ""))
        if len(shown) == 1:
            shown.append(("user", ""))
        while len(self._rows) > len(shown):
            self._drop(self._rows[-1])
        while len(self._rows) < len(shown):
            self._append()
        for row, said in zip(self._rows, shown, strict=True):
            row.show_said(said)
        self._name_rows()

    def mark_said(self, start: int | None) -> None:
        """Mark the last message from character `start` on as said by the model itself; None marks nothing."""
        for row in self._rows:
            row.field.mark_said(start if row is self._rows[-1] else None)

    def set_count(self, count: int | None, limit: int | None) -> None:
        """How many tokens the chat has, and how many the model takes; None where that is not known."""
        self._count.set_count(count, limit)

    def sizeHint(self) -> QSize:
        return QSize(300, 260)

    def _append(self) -> None:
        row = _Row(is_first=not self._rows)
        row.changed.connect(self._on_changed)
        row.field.submitted.connect(self.submitted)
        row.field.files_dropped.connect(self.files_dropped)
        row.removed.connect(partial(self._on_removed, row))
        self._rows.append(row)
        self._column.addWidget(row)
        row.show()  # at once, to take the keys
        if len(self._rows) == 2:
            self.setFocusProxy(row.field)  # where the user speaks

    def _drop(self, row: _Row) -> None:
        self._rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _on_add(self) -> None:
        self._append()
        last = self._rows[-2].said()[0]
        self._rows[-1].show_said(("assistant" if last == "user" else "user", ""))
        self._name_rows()
        self._rows[-1].field.setFocus()

    def _on_removed(self, row: _Row) -> None:
        self._drop(row)
        self._name_rows()
        self._on_changed()

    def _on_changed(self) -> None:
        self._name_rows()
        self.messages_changed.emit(self.messages())

    def _name_rows(self) -> None:
        for number, row in enumerate(self._rows):
            row.name(number, can_go=number > 1)


class _Row(QWidget):
    """One message: who speaks, what is said."""

    changed = Signal()
    removed = Signal()

    def __init__(self, is_first: bool) -> None:
        super().__init__()
        self._role = QComboBox()
        self._role.addItems(ROLES)
        self._role.setEditable(True)  # roles are those of the model's own template
        self._role.setMinimumContentsLength(len("assistant") + 1)
        if is_first:
            self._role.hide()
        self._role.currentTextChanged.connect(self.changed)
        self._remove = QToolButton()
        self._remove.setIcon(icon("close"))
        self._remove.setAutoRaise(True)
        self._remove.setToolTip("Remove this message")
        self._remove.clicked.connect(self.removed)
        self.field = TextField()
        self.field.setTabChangesFocus(True)
        self.field.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()
        self.field.textChanged.connect(self.changed)
        if is_first:
            self.field.setPlaceholderText("What the model is to keep to; may stay empty")
        head = QHBoxLayout()
        if is_first:
            head.addWidget(plain_label("system"))
        head.addWidget(self._role)
        head.addStretch(1)
        head.addWidget(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addLayout(head)
        column.addWidget(self.field)

    def _fit(self) -> None:
        """Give the field the height of what is said, within reason."""
        lines = max(_LOWEST, min(round(self.field.document().size().height()), _TALLEST))
        around = 2 * (self.field.frameWidth() + round(self.field.document().documentMargin())) + _PADDING
        self.field.setFixedHeight(lines * self.field.fontMetrics().lineSpacing() + around)

    def said(self) -> Said:
        return self._role.currentText(), self.field.text()

    def show_said(self, said: Said) -> None:
        role, content = said
        self._role.blockSignals(True)
        self._role.setCurrentText(role)
        self._role.blockSignals(False)
        self.field.set_text(content)

    def name(self, number: int, can_go: bool) -> None:
        """Say which message it is; the first two stay."""
        role = self._role.currentText()
        self._role.setAccessibleName(f"Role of message {number}")
        self.field.setAccessibleName(f"Message {number}, {role}")
        self._remove.setAccessibleName(f"Remove message {number}")
        self._remove.setVisible(can_go)
