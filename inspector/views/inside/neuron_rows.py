"""Neurons as a table model, and how its cells are painted."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRect, QSortFilterProxyModel, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.protocol.looks import Ramp
from engine.reading.numbers import fixed
from inspector.look.numbers import decimals_beside, signed
from inspector.look.visible_text import visible
from inspector.views.inside.row_painting import begin_cell, paint_bar, paint_text
from inspector.views.inside.rows_table import LEFT, RIGHT, STALE, Index

BLOCK, NEURON, LOGITS, BAR, MOST, RAISES, LOWERS, READS = range(8)
HEADINGS = ("block", "neuron", "logits", "", "most at", "raises", "lowers", "reads")
WORDS = (RAISES, LOWERS, READS)


class NeuronRow(NamedTuple):
    """A neuron: its relevance in logits, and the place of most of it among its neighbours."""

    block: int
    number: int
    relevance: float
    activation: float
    position: int
    at: float  # its relevance at that place
    place: tuple[str, str, str]  # what stands before, what it says, what follows
    raises: tuple[str, ...] = ()
    lowers: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class NeuronRows(QAbstractTableModel):
    """One row for each neuron, in the order given."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[NeuronRow] = ()
        self.ramp, self.limit, self.stale = Ramp(), 1.0, False
        self._digits = 2

    def show(self, rows: Sequence[NeuronRow], ramp: Ramp) -> None:
        self.beginResetModel()
        self.rows, self.ramp = tuple(rows), ramp
        self.limit = max((abs(row.relevance) for row in rows), default=1.0)
        self._digits = decimals_beside(self.limit)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADINGS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return side(section)
            if role == Qt.ItemDataRole.InitialSortOrderRole and section in (LOGITS, BAR):
                return Qt.SortOrder.DescendingOrder
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.UserRole:  # what rows are sorted by
                return self._key(index.row(), index.column())
            case Qt.ItemDataRole.ToolTipRole:  # in full, where a cell is cut, and never as markup
                return "".join(f"<p>{escape(line)}</p>" for line in self._facts(index.row(), index.column()))
            case Qt.ItemDataRole.TextAlignmentRole:
                return side(index.column())
        return None

    def text(self, row: int, column: int) -> str:
        """What a cell says."""
        neuron = self.rows[row]
        match column:
            case 0:
                return str(neuron.block)
            case 1:
                return str(neuron.number)
            case 2:
                return fixed(neuron.relevance, self._digits, plus=True)
            case 3:
                return ""
            case 4:
                return "".join(neuron.place)
        return _listed(self._words(neuron, column))

    def _words(self, neuron: NeuronRow, column: int) -> tuple[str, ...]:
        return {RAISES: neuron.raises, LOWERS: neuron.lowers, READS: neuron.reads}[column]

    def _key(self, row: int, column: int) -> float | str:
        neuron = self.rows[row]
        numbers = {BLOCK: neuron.block, NEURON: neuron.number, LOGITS: neuron.relevance, BAR: abs(neuron.relevance)}
        if column == MOST:
            return float(neuron.position)
        return float(numbers[column]) if column in numbers else _listed(self._words(neuron, column)).casefold()

    def _facts(self, row: int, column: int) -> list[str]:
        neuron = self.rows[row]
        if column in WORDS:
            told = {each: _listed(self._words(neuron, each)) for each in WORDS}
            return [f"{HEADINGS[each]} {words}" for each, words in told.items() if words]
        before, said, after = neuron.place
        return [
            f"neuron {neuron.block}.{neuron.number}",
            f"most at {before}{said}{after}: {signed(neuron.at)} logits, its value there {signed(neuron.activation)}",
        ]


class NeuronOrder(QSortFilterProxyModel):
    """Sorted by what is on show in a column, in the order of the engine where none is chosen; filtered by words."""

    def __init__(self, rows: NeuronRows) -> None:
        super().__init__()
        self.setSourceModel(rows)
        self.setSortRole(Qt.ItemDataRole.UserRole)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._rows, self._wanted = rows, ""

    def seek(self, text: str) -> None:
        """Leave the neurons that have `text` in their number, such as 12.706, their place or their words."""
        self._wanted = text.strip().casefold()
        self.setFilterFixedString(text)  # which filters anew

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        neuron = self._rows.rows[row]
        texts = [self._rows.text(row, column) for column in (MOST, *WORDS)]
        return any(self._wanted in text.casefold() for text in (f"{neuron.block}.{neuron.number}", *texts))


class NeuronDelegate(QStyledItemDelegate):
    """Paints each neuron's bar, and where it is most among its neighbours."""

    def __init__(self, rows: NeuronRows, order: NeuronOrder, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows, self._order = rows, order
        self.first = BLOCK  # the column at which rows begin

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, column = self._order.mapToSource(index).row(), index.column()
        neuron = self._rows.rows[row]
        painter.save()
        t, cell = begin_cell(painter, option, column == self.first)
        painter.setOpacity(STALE if self._rows.stale else 1.0)
        painter.setFont(option.font)
        if column == BAR:
            paint_bar(painter, cell, neuron.relevance, self._rows.limit, self._rows.ramp, t)
        elif column == MOST:
            _paint_place(painter, cell, neuron.place, t.quiet, t.text)
        else:
            colour = t.quiet if column in (LOWERS, READS) else t.text
            paint_text(painter, cell, self._rows.text(row, column), side(column), colour)
        painter.restore()


def side(column: int) -> Qt.AlignmentFlag:
    """Texts stand left, numbers right."""
    return RIGHT if column in (BLOCK, NEURON, LOGITS) else LEFT


def _paint_place(painter: QPainter, cell: QRect, place: tuple[str, str, str], quiet: str, ink: str) -> None:
    """What stands before is cut at its beginning: the token itself is always seen."""
    before, said, after = place
    metrics = painter.fontMetrics()
    room = cell.width() - metrics.horizontalAdvance(said)
    before = metrics.elidedText(before, Qt.TextElideMode.ElideLeft, max(room, 0))
    x = cell.left()
    for text, colour in ((before, quiet), (said, ink), (after, quiet)):
        paint_text(painter, QRect(x, cell.top(), max(cell.right() + 1 - x, 0), cell.height()), text, LEFT, colour)
        x += metrics.horizontalAdvance(text)


def _listed(words: Sequence[str]) -> str:
    """Words side by side, without the space that most begin with."""
    return ", ".join(visible(word.strip() or word.replace(" ", "·")) for word in words)
