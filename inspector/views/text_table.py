"""A plain table of texts, some rows of which are alarming."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from inspector.look.theme import tones
from inspector.look.visible_text import visible

_ROW = 24  # pixels

Index = QModelIndex | QPersistentModelIndex


class TextTable(QTableView):
    """Read and walked, not changed. The last column takes the room that is left."""

    row_activated = Signal(int)  # by Enter or a double click

    def __init__(self, name: str, headings: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows(headings, self)
        self.setModel(self._rows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName(name)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.activated.connect(lambda index: self.row_activated.emit(index.row()))

    def show_rows(self, rows: Sequence[Sequence[str]], alarming: Collection[int] = ()) -> None:
        """Show `rows` of texts, one for each heading; those at the places `alarming` in the colour of errors."""
        self._rows.show(rows, alarming)


class _Rows(QAbstractTableModel):
    def __init__(self, headings: Sequence[str], view: QWidget) -> None:
        super().__init__(view)
        self._headings, self._view = headings, view
        self._rows: Sequence[Sequence[str]] = ()
        self._alarming: Collection[int] = ()

    def show(self, rows: Sequence[Sequence[str]], alarming: Collection[int]) -> None:
        self.beginResetModel()
        self._rows = [tuple(map(visible, row)) for row in rows]
        self._alarming = frozenset(alarming)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._headings)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        is_title = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self._headings[section] if is_title else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._rows[index.row()][index.column()]
            case Qt.ItemDataRole.ToolTipRole:  # in full, where a cell is cut, and never as markup
                return f"<p>{escape(self._rows[index.row()][index.column()])}</p>"
            case Qt.ItemDataRole.ForegroundRole if index.row() in self._alarming:
                return QColor(tones(self._view.palette()).error)
        return None
