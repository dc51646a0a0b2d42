"""The strongest queries and keys of a head as a table model, ending with the others and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from engine.reading.numbers import fixed
from inspector.look.numbers import decimals_beside, grouped
from inspector.views.inside.matrix_strongest import Strongest

Index = QModelIndex | QPersistentModelIndex
NOTHING = "·"  # in a cell that would be written as zero


@dataclass(frozen=True)
class Side:
    """A row or column: what its token is called, where it stands, and its number in the matrix; -1 is no token."""

    label: str
    place: str = ""
    number: int = -1

    @property
    def is_sum(self) -> bool:
        return self.label == "sum"


class MatrixCells(QAbstractTableModel):
    """Rows are queries, columns are keys."""

    def __init__(self) -> None:
        super().__init__()
        self.strongest: Strongest | None = None
        self.rows: tuple[Side, ...] = ()
        self.columns: tuple[Side, ...] = ()
        self.decimals = 2

    def show(
        self,
        strongest: Strongest | None,
        labels: Sequence[str] = (),
        places: Sequence[str] = (),
        of_rows: bool = True,
        of_columns: bool = True,
    ) -> None:
        """Show the strongest; `labels` and `places` name every row and column of the matrix.

        Cells that are no parts of what all `of_rows` or `of_columns` hold have no sum there, and no others.
        """
        self.beginResetModel()
        self.strongest = strongest
        largest = 0.0 if strongest is None else float(np.abs(strongest.cells[:-1]).max(initial=0.0))
        self.decimals = decimals_beside(largest)
        self.rows = self.columns = ()
        if strongest is not None:
            self.rows = _sides(strongest.queries, labels, places, strongest.others[0], of_columns)
            self.columns = _sides(strongest.keys, labels, places, strongest.others[1], of_rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def is_sum(self, row: int, column: int) -> bool:
        return self.rows[row].is_sum or self.columns[column].is_sum

    def value(self, row: int, column: int) -> float:
        """What a cell holds."""
        assert self.strongest is not None
        of_row, of_column = self.rows[row].is_sum, self.columns[column].is_sum
        if of_row and of_column:
            return self.strongest.total
        at_row, at_column = self._at(row, self.rows), self._at(column, self.columns)
        if of_row:
            return float(self.strongest.to_keys[at_column])
        if of_column:
            return float(self.strongest.of_queries[at_row])
        return float(self.strongest.cells[at_row, at_column])

    def text(self, row: int, column: int) -> str:
        value = self.value(row, column)
        said = fixed(value, self.decimals)
        return said if float(said.replace("−", "-")) else NOTHING

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        sides = self.columns if orientation == Qt.Orientation.Horizontal else self.rows
        if role != Qt.ItemDataRole.DisplayRole or section >= len(sides):  # a header may know of the matrix before
            return None
        side = sides[section]
        return " ".join(each for each in (side.label, side.place) if each)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.AccessibleTextRole:
                row, column = self.rows[index.row()], self.columns[index.column()]
                said = fixed(self.value(index.row(), index.column()), self.decimals)
                return f"query {row.label} {row.place}, key {column.label} {column.place}: {said}"
        return None

    def _at(self, section: int, sides: tuple[Side, ...]) -> int:
        """Where a row or column is among the strongest, which has the others last."""
        return section if sides[section].number >= 0 else -1


def _sides(
    numbers: Sequence[int], labels: Sequence[str], places: Sequence[str], others: int, sums: bool
) -> tuple[Side, ...]:
    own = tuple(Side(labels[number], places[number], number) for number in numbers)
    if not sums:
        return own
    rest = (Side("1 other" if others == 1 else f"{grouped(others)} others"),) if others else ()
    return (*own, *rest, Side("sum"))
