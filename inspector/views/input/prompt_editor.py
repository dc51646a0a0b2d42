"""The prompt editor: plain text, a token count, examples to start from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QMenu,
    QSizePolicy,
    QSpacerItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector.look.icons import icon
from inspector.look.theme import Space
from inspector.look.wrapping_row import WrappingRow
from inspector.views.input.text_field import TextField
from inspector.views.input.token_count import TokenCount

_HALVES = re.compile("[\ud800-\udfff]")


class Example(Protocol):
    """A prompt to try."""

    @property
    def title(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def prompt(self) -> str: ...


class PromptEditor(QWidget):
    """Emits what is typed, submitted, chosen or dropped; changes its text only for typing and `set_text`."""

    text_changed = Signal(str)  # by the person; set_text is silent
    submitted = Signal()
    example_chosen = Signal(object)  # Example
    files_dropped = Signal(list)  # local paths

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given: str | None = None  # what set_text was last told, until something is typed
        self._field = TextField(self)
        self._field.setPlaceholderText("Type or paste a prompt, or choose an example.\nCtrl+Enter explains it.")
        self._field.setAccessibleName("Prompt")
        self._field.setTabChangesFocus(True)
        self._field.textChanged.connect(self._on_text_changed)
        self._field.submitted.connect(self.submitted)
        self._field.files_dropped.connect(self.files_dropped)
        self._examples = QToolButton(self)
        self._examples.setText("Examples")
        self._examples.setIcon(icon("examples"))
        self._examples.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._examples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._examples.setAutoRaise(True)
        self._examples.setMenu(QMenu(self._examples))
        self._examples.setEnabled(False)
        self._count = TokenCount(self)
        below = WrappingRow()
        below.addWidget(self._examples)
        below.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding))
        below.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.TIGHT)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self._field, 1)
        column.addLayout(below)
        self.setFocusProxy(self._field)

    def text(self) -> str:
        """The prompt, every character as typed (Qt's own plain text would lose no-break spaces)."""
        return self._field.text()

    def set_text(self, text: str) -> None:
        """Show another prompt; the caret stays where it is the same (Qt changes line ends, so both are compared).

        Half a surrogate pair, which Qt would drop without a word, is shown as the model is given it: as U+FFFD.
        """
        if text in (self.text(), self._given):
            return
        self._given = text
        self._field.blockSignals(True)
        self._field.setPlainText(_HALVES.sub("\ufffd", text))
        self._field.blockSignals(False)

    def mark_said(self, start: int | None) -> None:
        """Mark the text from character `start` on as said by the model itself; None marks nothing."""
        self._field.mark_said(start)

    def select(self, start: int, end: int) -> None:
        """Select characters of the text, and show where they begin."""
        self._field.select(start, end)

    def set_count(self, count: int | None, limit: int | None) -> None:
        """How many tokens the prompt has, and how many the model takes; None where that is not known."""
        self._count.set_count(count, limit)

    def set_examples(self, examples: Sequence[Example]) -> None:
        """Fill the menu, grouped by task in the order given."""
        menu = self._examples.menu()
        menu.clear()
        for task in dict.fromkeys(example.task for example in examples):
            menu.addSection(_plain(task))
            for example in (each for each in examples if each.task == task):
                menu.addAction(_plain(example.title), partial(self.example_chosen.emit, example))
        self._examples.setEnabled(bool(examples))

    def sizeHint(self) -> QSize:
        return QSize(300, 260)

    def _on_text_changed(self) -> None:
        self._given = None
        self.text_changed.emit(self.text())


def _plain(text: str) -> str:
    """A menu would take `&` for a shortcut."""
    return text.replace("&", "&&")
