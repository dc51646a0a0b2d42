"""Several texts that belong together, a field for each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from inspector.look.labels import plain_label
from inspector.look.theme import Space
from inspector.views.input.text_field import TextField
from inspector.views.input.token_count import TokenCount


class TextsEditor(QWidget):
    """Emits what is typed and submitted; changes its texts only for typing and `set_texts`."""

    texts_changed = Signal(tuple)  # of str, by the person; set_texts is silent
    submitted = Signal()
    files_dropped = Signal(list)  # local paths

    def __init__(
        self, titles: Sequence[tuple[str, str]], counts_each: bool = False, parent: QWidget | None = None
    ) -> None:
        """`titles`: of each of two texts what it is, and what to type there.

        `counts_each`: each has tokens of its own; else both are counted together, at the second.
        """
        super().__init__(parent)
        self._fields: list[TextField] = []
        self._counts = [TokenCount() for _ in (titles if counts_each else titles[:1])]
        counts = self._counts if counts_each else [None, *self._counts]
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        column.setSpacing(Space.TIGHT)
        for (title, hint), count in zip(titles, counts, strict=True):
            field = TextField()
            field.setPlaceholderText(hint)
            field.setAccessibleName(title)
            field.setTabChangesFocus(True)
            field.textChanged.connect(self._on_changed)
            field.submitted.connect(self.submitted)
            field.files_dropped.connect(self.files_dropped)
            label = plain_label(title)
            label.setBuddy(field)
            head = QHBoxLayout()
            head.addWidget(label, 1)
            if count is not None:
                head.addWidget(count)
            column.addLayout(head)
            column.addWidget(field, 1)
            self._fields.append(field)
        self.setFocusProxy(self._fields[0])

    def texts(self) -> tuple[str, ...]:
        """Each text as it was typed."""
        return tuple(field.text() for field in self._fields)

    def set_texts(self, texts: Sequence[str]) -> None:
        """Show other texts."""
        for field, text in zip(self._fields, texts, strict=True):
            field.set_text(text)

    def mark_said(self, which: int, start: int | None) -> None:
        """Mark a text from character `start` on as said by the model itself; None marks nothing."""
        self._fields[which].mark_said(start)

    def select(self, which: int, start: int, end: int) -> None:
        """Select characters of a text, and let it take the keys."""
        self._fields[which].select(start, end)
        self._fields[which].setFocus()

    def set_counts(self, counts: Sequence[int] | None, limit: int | None) -> None:
        """How many tokens there are, and how many the model takes; None where that is not known."""
        for number, label in enumerate(self._counts):
            label.set_count(counts[number] if counts is not None and number < len(counts) else None, limit)

    def sizeHint(self) -> QSize:
        return QSize(300, 260)

    def _on_changed(self) -> None:
        self.texts_changed.emit(self.texts())
