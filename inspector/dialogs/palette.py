"""The command palette: all commands, found by typing a part of their names."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from inspector.actions.commands import Command
from inspector.dialogs.shortcuts import native_keys
from inspector.look.naming import named

_ID = Qt.ItemDataRole.UserRole


def matching(commands: Sequence[Command], words: str) -> list[Command]:
    """The commands with every word in their name or help; names beginning with the first word come first."""
    parts = words.casefold().split()
    fitting = [c for c in commands if all(part in f"{c.name} {c.help}".casefold() for part in parts)]
    return sorted(
        fitting,
        key=lambda c: (
            not all(p in c.name.casefold() for p in parts),
            bool(parts) and not c.name.casefold().startswith(parts[0]),
        ),
    )


class CommandPalette(QDialog):
    """A field and a list; Enter does the command that is selected."""

    chosen = Signal(str)  # a command's id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("All commands")
        self.resize(560, 380)
        self._commands: Sequence[Command] = ()
        self._words = named("words", QLineEdit())
        self._words.setAccessibleName("Command")
        self._words.setPlaceholderText("Type a part of a command's name")
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

    def show_commands(self, commands: Sequence[Command]) -> None:
        """Show what can be done now."""
        self._commands = commands
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
        for command in matching(self._commands, words):
            keys = native_keys(command.shortcuts[0]) if command.shortcuts else ""
            item = QTreeWidgetItem(self._list, [command.name, keys])
            item.setData(0, _ID, command.id)
        self._select(0)

    def _select(self, row: int) -> None:
        self._list.setCurrentIndex(self._list.model().index(row, 0))

    def _on_entered(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.accept()
            self.chosen.emit(item.data(0, _ID))
