"""What the model would predict after each layer, the last on top: the likeliest, and the target's place among all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from inspector.look.numbers import grouped, percent, written
from inspector.look.theme import Space
from inspector.views.inside.row_painting import begin_cell, paint_text
from inspector.views.inside.rows_table import LEFT, RIGHT, STALE, Index, RowsTable
from inspector.views.prediction_rows import emphasised

LAYER, LIKELIEST, RANK, LOGIT, PROBABILITY = range(5)
_WORD = 120  # pixels at most from one word to the next


class LensRow(NamedTuple):
    """A layer: `likeliest` are texts fit to be drawn, the likeliest first; the rest is the target's."""

    layer: int
    likeliest: tuple[str, ...]
    rank: int
    logit: float
    probability: float | None


class LensTable(RowsTable):
    """A row a layer, as the layer map has them. The likeliest is in ink, the others beside it are quiet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.rows = _Rows()
        super().__init__("What the model would predict after each layer", self.rows, parent)
        self.setItemDelegate(_Layers(self.rows, self))
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setSectionResizeMode(LIKELIEST, QHeaderView.ResizeMode.Stretch)

    def show_layers(self, rows: Sequence[LensRow], target: str) -> None:
        """Show `rows` from the first layer on; `target` is what the target is called."""
        self.rows.show(rows, target)
        self.fit()

    def fit(self) -> None:
        for column in (LAYER, RANK, LOGIT, PROBABILITY):
            texts = [self.rows.text(row, column) for row in range(len(self.rows.rows))]
            self.fit_column(column, [str(self.rows.headerData(column, Qt.Orientation.Horizontal)), *texts])

    def set_layer(self, layer: int | None) -> None:
        """Show which layer the cursor is at; None: the input, which has no row."""
        has_row = layer is not None and layer < len(self.rows.rows)
        self.choose(len(self.rows.rows) - 1 - layer if layer is not None and has_row else None)

    def layer_at(self, row: int) -> int:
        """The layer of a row."""
        return self.rows.rows[row].layer

    def set_stale(self, stale: bool) -> None:
        super().set_stale(stale)
        self.rows.stale = stale
        self.viewport().update()


class _Rows(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[LensRow] = ()
        self.stale = False
        self._target = ""

    def show(self, rows: Sequence[LensRow], target: str) -> None:
        self.beginResetModel()
        self.rows, self._target = tuple(rows)[::-1], target
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return ("layer", "likeliest if it were the last", f"rank of {self._target}", "logit", "probability")[
                    section
                ]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _side(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return _side(index.column())
        return None

    def text(self, row: int, column: int) -> str:
        """What a cell says."""
        layer = self.rows[row]
        match column:
            case 0:
                return str(layer.layer)
            case 1:
                return "  ".join(layer.likeliest)
            case 2:
                return grouped(layer.rank)
            case 3:
                return written(layer.logit)
        return "–" if layer.probability is None else percent(layer.probability)


class _Layers(QStyledItemDelegate):
    def __init__(self, rows: _Rows, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, column = index.row(), index.column()
        layer = self._rows.rows[row]
        painter.save()
        t, cell = begin_cell(painter, option, column == LAYER)
        painter.setOpacity(STALE if self._rows.stale else 1.0)
        is_first = layer.rank == 1
        painter.setFont(emphasised(option.font) if column == RANK and is_first else option.font)
        if column == LIKELIEST and layer.likeliest:
            step = min(cell.width() // len(layer.likeliest), _WORD)
            for place, word in enumerate(layer.likeliest):
                room = QRect(cell.left() + place * step, cell.top(), step - Space.SMALL, cell.height())
                ink = t.accent if is_first else t.text
                paint_text(painter, room, word, LEFT, t.quiet if place else ink)
        else:
            colour = t.accent if column == RANK and is_first else t.quiet if column == LAYER else t.text
            paint_text(painter, cell, self._rows.text(row, column), _side(column), colour)
        painter.restore()


def _side(column: int) -> Qt.AlignmentFlag:
    return LEFT if column == LIKELIEST else RIGHT
