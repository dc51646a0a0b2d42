"""The log: lines that the worker writes, and the details of failures."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QToolButton, QWidget

MOST_LINES = 5000
LONGEST_LINE = 2000  # characters; a longer one is slow to lay out, and nobody reads it

_TOO_LONG = re.compile(rf"([^\r\n]{{{LONGEST_LINE}}})[^\r\n]+")


class LogPane(QPlainTextEdit):
    """Text as it comes, the oldest lines forgotten; it stays at the end unless somebody reads further up.

    `tools` are buttons for the head of the dock: they copy all of it, and forget it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(MOST_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setPlaceholderText("Nothing was written so far.")
        self.setAccessibleName("Log")
        self.tools = (self._button("Copy", "Copy the whole log"), self._button("Clear", "Forget what was written"))
        self.tools[0].clicked.connect(self._copy_all)
        self.tools[1].clicked.connect(self.clear)
        self.textChanged.connect(self._enable)
        self._enable()

    def sizeHint(self) -> QSize:
        return QSize(400, 140)

    def append_text(self, text: str) -> None:
        """Add text. A carriage return goes back to the start of its line, as in a terminal; long lines are cut."""
        text = _TOO_LONG.sub(r"\1…", text)
        bar = self.verticalScrollBar()
        was_at_end = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        for index, part in enumerate(text.replace("\r\n", "\n").split("\r")):
            if index:
                cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
                if part:
                    cursor.removeSelectedText()
                else:
                    cursor.clearSelection()
                    cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(part)
        if was_at_end:
            bar.setValue(bar.maximum())

    def append_paragraph(self, text: str) -> None:
        """Add text on lines of its own."""
        last = self.document().lastBlock().text()
        self.append_text(("\n" if last else "") + text.rstrip("\n") + "\n")

    def _button(self, text: str, help: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(help)
        button.setAccessibleDescription(help)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.toPlainText())

    def _enable(self) -> None:
        for button in self.tools:
            button.setEnabled(not self.document().isEmpty())
