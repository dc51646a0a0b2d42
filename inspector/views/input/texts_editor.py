"""Several texts that belong together, a field for each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspector.look.labels import plain_label
from inspector.look.theme import Space
from inspector.views.input.text_field import TextField


class TextsEditor(QWidget):
    """Emits what is typed and submitted; changes its texts only for typing and `set_texts`."""

    texts_changed = Signal(tuple)  # of str, by the person; set_texts is silent
    submitted = Signal()
    files_dropped = Signal(list)  # local paths

    def __init__(self, titles: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`titles`: of each text what it is, and what to type there."""
        super().__init__(parent)
        self._fields: list[TextField] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        column.setSpacing(Space.TIGHT)
        for title, hint in titles:
            field = TextField()
            field.setPlaceholderText(hint)
            field.setAccessibleName(title)
            field.setTabChangesFocus(True)
            field.textChanged.connect(self._on_changed)
            field.submitted.connect(self.submitted)
            field.files_dropped.connect(self.files_dropped)
            label = plain_label(title)
            label.setBuddy(field)
            column.addWidget(label)
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

    def sizeHint(self) -> QSize:
        return QSize(300, 260)

    def _on_changed(self) -> None:
        self.texts_changed.emit(self.texts())
