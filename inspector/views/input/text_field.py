"""A field for plain text: Ctrl+Enter submits it, and files that are dropped on it are not text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from inspector.look.theme import tones


class TextField(QPlainTextEdit):
    """Emits what is submitted or dropped."""

    submitted = Signal()
    files_dropped = Signal(list)  # local paths

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said: int | None = None

    def text(self) -> str:
        """The text, every character as typed (Qt's own plain text would lose no-break spaces)."""
        return self.document().toRawText().replace("\u2029", "\n")

    def set_text(self, text: str) -> None:
        """Show another text without a word; the caret stays where it is the same."""
        if text != self.text():
            self.blockSignals(True)
            self.setPlainText(text)
            self.blockSignals(False)

    def mark_said(self, start: int | None) -> None:
        """Mark the text from character `start` on as said by the model itself; None marks nothing."""
        self._said = start
        marks = []
        if start is not None:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = self.textCursor()
            mark.cursor.setPosition(_units(self.text()[:start]))
            mark.cursor.movePosition(mark.cursor.MoveOperation.End, mark.cursor.MoveMode.KeepAnchor)
            mark.format.setBackground(QColor(tones(self.palette()).soft))
            marks.append(mark)
        self.setExtraSelections(marks)
        self.setAccessibleDescription("" if start is None else "What the model said itself is marked.")

    def select(self, start: int, end: int) -> None:
        """Select characters of the text, and show where they begin. Qt counts in UTF-16."""
        text, cursor = self.text(), self.textCursor()
        cursor.setPosition(_units(text[:end]))
        cursor.setPosition(_units(text[:start]), cursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.mark_said(self._said)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_files(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _local_files(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(_local_files(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if files := _local_files(source):
            self.files_dropped.emit(files)
        else:
            super().insertFromMimeData(source)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _local_files(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
