"""The command palette: commands and all else that can be gone to, found by typing a part of their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from inspector.look.naming import named


class Named(Protocol):
    """What can be found by its name."""

    @property
    def name(self) -> str: ...
    @property
    def help(self) -> str: ...


Found = TypeVar("Found", bound=Named)


@dataclass(frozen=True)
class Entry:
    """Something that can be done, or gone to: what it is called, what it is, and its keys or its kind beside it."""

    name: str
    help: str
    do: Callable[[], object]
    aside: str = ""


def matching(named: Sequence[Found], words: str) -> list[Found]:
    """Those with every word in their name or help.

    First the one that is called just so, then those whose name begins with the first word, then names, then helps.
    """
    parts = words.casefold().split()
    fitting = [c for c in named if all(part in f"{c.name} {c.help}".casefold() for part in parts)]
    return sorted(
        fitting,
        key=lambda c: (
            c.name.casefold().split() != parts,
            not all(p in c.name.casefold() for p in parts),
            bool(parts) and not c.name.casefold().startswith(parts[0]),
        ),
    )


class CommandPalette(QDialog):
    """A field and a list; Enter does what is selected."""

    chosen = Signal(object)  # Entry

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("All commands")
        self.resize(560, 380)
        self._entries: Sequence[Entry] = ()
        self._found: Sequence[Entry] = ()
        self._words = named("words", QLineEdit())
        self._words.setAccessibleName("Command")
        self._words.setPlaceholderText("A command, “layer 17”, a model, an example, a preference")
        self._list = named("commands", QTreeWidget())
        self._list.setColumnCount(2)
        self._list.setHeaderHidden(True)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.addWidget(self._words)
        layout.addWidget(self._list)
        self._words.installEventFilter(self)
        self._words.textChanged.connect(self._on_words_changed)
        self._words.returnPressed.connect(self._on_entered)
        self._list.itemClicked.connect(self._on_entered)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show what can be done now."""
        self._entries = entries
        self._words.clear()
        self._on_words_changed("")
        self._words.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if step:
                row = self._list.currentIndex().row() + step
                self._select(max(0, min(row, self._list.topLevelItemCount() - 1)))
                return True
        return super().eventFilter(watched, event)

    def _on_words_changed(self, words: str) -> None:
        self._list.clear()
        self._found = matching(self._entries, words)
        self._list.addTopLevelItems([QTreeWidgetItem([entry.name, entry.aside]) for entry in self._found])
        self._select(0)

    def _select(self, row: int) -> None:
        self._list.setCurrentIndex(self._list.model().index(row, 0))

    def _on_entered(self) -> None:
        row = self._list.currentIndex().row()
        if 0 <= row < len(self._found):
            entry = self._found[row]
            self.accept()
            self.chosen.emit(entry)
