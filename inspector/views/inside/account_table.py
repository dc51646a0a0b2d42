"""What arrives behind a block and what it is made of: a number, a strip of all tokens and a share on each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.protocol.looks import Ramp
from engine.reading.numbers import fixed
from inspector.look.labels import bold
from inspector.look.numbers import percent
from inspector.look.theme import Space
from inspector.views.inside.row_painting import begin_cell, paint_strip, paint_text
from inspector.views.inside.rows_table import LEFT, RIGHT, STALE, Index, RowsTable

NAME, AMOUNT, STRIP, SHARE = range(4)
_STRIP_HEIGHT, _STRIP_WIDTH = 16, 288  # pixels


class AccountRow(NamedTuple):
    """A line: `values` (token,) are its strip, whose colours end at ± `limit`; `digits` are those of its column.

    A whole is bold, a heading begins another whole, and what they are made of is indented.
    """

    name: str
    amount: float
    values: np.ndarray | None = None
    limit: float = 1.0
    share: float | None = None
    digits: int = 2
    is_whole: bool = False
    is_heading: bool = False
    can_be_chosen: bool = False


class AccountTable(RowsTable):
    """Read from the top: the whole, its parts, and what is in them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.rows = _Rows()
        super().__init__("What arrives behind the block", self.rows, parent)
        self.setItemDelegate(_Lines(self.rows, self))
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setSectionResizeMode(STRIP, QHeaderView.ResizeMode.Stretch)

    def show_account(self, rows: Sequence[AccountRow], title: str, ramp: Ramp, places: str = "tokens") -> None:
        """Show the `rows` of what `title` names; a strip goes along `places`."""
        self.rows.show(rows, title, ramp, places)
        self.fit()

    def fit(self) -> None:
        for column in (NAME, AMOUNT, SHARE):
            indent = "mm" if column == NAME else ""
            heading = str(self.rows.headerData(column, Qt.Orientation.Horizontal))
            texts = [self.rows.text(row, column) + indent for row in range(len(self.rows.rows))]
            self.fit_column(column, [heading, *texts])

    def set_stale(self, stale: bool) -> None:
        super().set_stale(stale)
        self.rows.stale = stale
        self.viewport().update()


class _Rows(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[AccountRow] = ()
        self.ramp, self.stale = Ramp(), False
        self._title, self._places = "", ""

    def show(self, rows: Sequence[AccountRow], title: str, ramp: Ramp, places: str) -> None:
        self.beginResetModel()
        self.rows, self._title, self._places, self.ramp = tuple(rows), title, places, ramp
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 4

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What is no part of the model by itself is read, and not chosen."""
        can_be_chosen = self.rows[index.row()].can_be_chosen
        return super().flags(index) if can_be_chosen else Qt.ItemFlag.ItemIsEnabled

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return (self._title, "logits", f"at which {self._places}", "share")[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _side(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == STRIP:
                return _strip_in_words(self.rows[index.row()])
            case Qt.ItemDataRole.TextAlignmentRole:
                return _side(index.column())
        return None

    def text(self, row: int, column: int) -> str:
        """What a cell says."""
        line = self.rows[row]
        match column:
            case 0:
                return line.name
            case 1:
                return fixed(line.amount, line.digits, plus=True)
            case 3 if line.share is not None:
                return percent(line.share)
        return ""


class _Lines(QStyledItemDelegate):
    def __init__(self, rows: _Rows, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line, column = self._rows.rows[index.row()], index.column()
        painter.save()
        t, cell = begin_cell(painter, option, column == NAME)
        if line.is_heading:
            painter.fillRect(QRect(option.rect.left(), option.rect.top(), option.rect.width(), 1), QColor(t.line))
        painter.setOpacity(STALE if self._rows.stale else 1.0)
        painter.setFont(bold(option.font) if line.is_whole else option.font)
        if column == STRIP:
            if line.values is not None:
                width = min(cell.width(), _STRIP_WIDTH)
                area = QRect(cell.left(), cell.center().y() - _STRIP_HEIGHT // 2 + 1, width, _STRIP_HEIGHT)
                paint_strip(painter, area, line.values, line.limit, self._rows.ramp, t)
        else:
            is_part = column == NAME and not (line.is_whole or line.is_heading)
            is_quiet = line.is_heading or column == SHARE
            room = cell.adjusted(Space.LARGE if is_part else 0, 0, 0, 0)
            text = self._rows.text(index.row(), column)
            paint_text(painter, room, text, _side(column), t.quiet if is_quiet else t.text)
        painter.restore()


def _strip_in_words(line: AccountRow) -> str:
    """Where most of a line is, for a screen reader."""
    if line.values is None or not len(line.values):
        return ""
    place = int(np.abs(np.nan_to_num(line.values)).argmax())
    return f"most at {place}, {fixed(float(line.values[place]), line.digits, plus=True)}"


def _side(column: int) -> Qt.AlignmentFlag:
    return RIGHT if column in (AMOUNT, SHARE) else LEFT
