"""The dialog of shortcuts: what keys and clicks do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from inspector.actions.commands import Command, Menu
from inspector.look.naming import named

MOUSE = (
    ("Click a token", "Explain what the model predicts after it"),
    ("Drag over tokens", "Select them: the sum of their relevance"),
    ("Click a generated token, or its row", "Explain it"),
    ("Click a layer", "Show that layer's relevance on the tokens"),
    ("Click a head", "Show what it took on the tokens, and from query to key"),
    ("Click a neuron", "Show its relevance on the tokens, in place of the layer's"),
    ("Click a heading of the neurons", "Sort by it; a third click returns to the largest first"),
    ("Click a prediction", "Explain it instead of the largest one"),
    ("Turn the wheel on the layers", "Fewer tokens, more of them; the bar below is dragged to others"),
    ("Ctrl or Shift and the wheel on the layers", "Higher or lower rows; other rows"),
    ("Point at a token or a cell", "Its relevance, share and rank, and where it is in the other views"),
    ("Turn the wheel on a picture, drag it", "Zoom in and out, move it"),
    ("Point at a picture", "The pixel, its patch and its relevance"),
    ("Drop a picture", "Explain it"),
    ("Drop a text", "Make it the prompt"),
    ("Drop a folder or a .gguf file", "Open it as a model"),
)
KEYS_IN_VIEWS = (
    ("Arrow keys, on the tokens", "Walk the tokens"),
    ("N, Shift+N, on the tokens", "To the next, the previous token by size of relevance"),
    ("W, on the tokens", "Sum relevance over words, lines, sentences, and again over tokens"),
    ("U, on the tokens", "Write the relevance of each under it, or leave it out"),
    ("Enter, on the tokens", "Explain at the token under the cursor"),
    ("Left, Right, on the layers", "Walk the layers"),
    ("Home, End, on the layers", "The input, the last layer"),
    ("Enter, on the layers", "Open the block that the layer enters"),
    ("PgUp, PgDn, in a block", "The next block towards the output, towards the input"),
    ("Backspace, in a block", "Back to the layers"),
    ("/, among neurons", "Filter them by words, by a place, or by a number such as 12.706; Esc shows all"),
    ("0, or a double click, on the layers", "All tokens and rows in view"),
    ("Arrow keys, on the heads", "Walk the heads"),
    ("/, or a number such as 12.3, on the heads", "Go to a head"),
    ("V, on the heads", "One head's attention weights in place of relevance, and back"),
    ("Shift+arrow keys, on the tokens", "Select tokens, for the sum of their relevance"),
    ("Esc, on the tokens", "Select none"),
    ("Ctrl+C, on the tokens", "Copy them as a picture, what is selected as a table"),
)


class Shortcuts(QDialog):
    """A list of every command with its keys, and of what the mouse does."""

    def __init__(self, menus: Sequence[Menu], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.resize(800, 640)
        self._list = named("shortcuts", QTreeWidget())
        self._list.setColumnCount(3)
        self._list.setHeaderHidden(True)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        for menu in menus:
            self._add(menu.title.replace("&", ""), [_row(command) for group in menu.groups for command in group])
        self._add("Keys in the views", [(what, keys, "") for keys, what in KEYS_IN_VIEWS])
        self._add("Mouse", [(what, how, "") for how, what in MOUSE])
        self._list.expandAll()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # there is nothing to choose
        self._list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list)
        layout.addWidget(buttons)

    def _add(self, title: str, rows: Sequence[tuple[str, str, str]]) -> None:
        group = QTreeWidgetItem(self._list, [title])
        group.setFirstColumnSpanned(True)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        for row in rows:
            QTreeWidgetItem(group, list(row))


def _row(command: Command) -> tuple[str, str, str]:
    keys = "  or  ".join(native_keys(shortcut) for shortcut in command.shortcuts)
    return command.name, keys, command.help


def native_keys(shortcut: str) -> str:
    """The keys as this desktop writes them."""
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
