"""A ledger as a table: a row a stretch of the model, a strip of where the target's value is, and the amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from inspector.look.hatching import paint_share
from inspector.look.numbers import written
from inspector.look.theme import Space, tones

_HEADINGS = ("from the target down", "", "arrives", "softmax keeps", "constants", "left over", "passes on")
_STRIP, _REST = 1, 5
_ROW, _STRIP_HEIGHT, _STRIP_WIDTH = 24, 8, 180  # pixels
_ROUNDING = 1e-6  # of the target: what is written as zero

Index = QModelIndex | QPersistentModelIndex


class LedgerRow(NamedTuple):
    """Amounts in logits; `kept` is (softmax, constants, left over) from the target down to the stretch's beginning."""

    name: str
    arrived: float
    softmax: float
    constants: float
    rest: float
    passed: float
    kept: tuple[float, float, float]


class LedgerTable(QTableView):
    """Read from the top: what the target's value is made of, as one goes down to the input."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows()
        self.setModel(self._rows)
        self.setItemDelegateForColumn(_STRIP, _Strip(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Ledger")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_STRIP, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(72)

    def show_ledger(self, rows: Sequence[LedgerRow], value: float, closes: bool) -> None:
        """Show the `rows` of a target's `value`; where the ledger does not close, what is left over is red."""
        self._rows.show(rows, value, closes)

    def set_stale(self, stale: bool) -> None:
        """Show that this is of an earlier question."""
        self._rows.stale = stale
        self.setAccessibleDescription("stale" if stale else "")
        self.viewport().update()

    def clear(self) -> None:
        self._rows.show((), 0.0, True)


class _Rows(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[LedgerRow] = ()
        self.value, self.closes, self.stale = 0.0, True, False

    def show(self, rows: Sequence[LedgerRow], value: float, closes: bool) -> None:
        self.beginResetModel()
        self.rows, self.value, self.closes = tuple(rows), value, closes
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        return _side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole if column == 0:
                return row.name
            case Qt.ItemDataRole.DisplayRole if column != _STRIP:
                return self._amount((row.arrived, row.softmax, row.constants, row.rest, row.passed)[column - 2])
            case Qt.ItemDataRole.AccessibleTextRole if column == _STRIP:
                softmax, constants, rest = map(self._amount, row.kept)
                return f"so far softmax {softmax}, constants {constants}, left over {rest}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _side(column)
        return None

    def is_open(self, row: LedgerRow) -> bool:
        """Whether something is left over here that should not be."""
        return not self.closes and abs(row.rest) > _ROUNDING * abs(self.value)

    def _amount(self, logits: float) -> str:
        return written(logits if abs(logits) > _ROUNDING * abs(self.value) else 0.0)


class _Strip(QStyledItemDelegate):
    """What arrives is solid, what the softmax kept so far is hatched, constants are pale, what is left over is red."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        rows = index.model()
        assert isinstance(rows, _Rows)
        row, t = rows.rows[index.row()], tones(option.palette)
        softmax, constants, rest = row.kept
        ink = QColor(t.quiet)
        parts = (
            (row.passed, ink, False),
            (softmax, ink, True),
            (constants, QColor(t.line), False),
            (rest, QColor(t.error if not rows.closes else t.line), False),
        )
        room = QRectF(option.rect).adjusted(Space.SMALL, 0, -Space.SMALL, 0)
        whole = sum(abs(amount) for amount, *_ in parts) or 1.0
        left, top = room.left(), room.center().y() - _STRIP_HEIGHT / 2
        painter.save()
        painter.setOpacity(0.4 if rows.stale else 1.0)
        for amount, colour, is_hatched in parts:
            width = abs(amount) / whole * room.width()
            paint_share(painter, QRectF(left, top, width, _STRIP_HEIGHT), colour, is_hatched)
            left += width
        painter.restore()


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column > _STRIP else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
