"""The strongest tokens as a table model, ending with the others and the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from engine.protocol.looks import Ground, Ramp, Unit
from engine.protocol.values import Token
from engine.reading.colours import FAINTEST, coloured, inks, places_on
from engine.reading.numbers import fixed
from engine.reading.units import Units
from inspector.look.numbers import decimals_beside, grouped, percent
from inspector.look.theme import Tones
from inspector.views.tokens.token_context import in_context

RANK, TOKEN, LOGITS, SHARE = range(4)
_HEADINGS = ("", "token", "logits", "share")  # the second is what is ranked
_LITTLE = 1e-6  # of the largest value: shares of a smaller sum say nothing

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, eq=False)
class Ranking:
    """Relevance to rank: `values` is float (unit,), in logits; their colours end at ± `limit`."""

    tokens: Sequence[Token]
    units: Units
    values: np.ndarray
    limit: float
    ramp: Ramp
    unit: Unit

    def is_beside(self, other: Ranking) -> bool:
        """Whether the same of the same text are ranked."""
        return self.units is other.units and self.tokens is other.tokens

    @cached_property
    def order(self) -> np.ndarray:
        """The units from the largest value of either sign to the smallest, int (unit,)."""
        return np.argsort(-np.abs(np.nan_to_num(self.values)), kind="stable")

    @cached_property
    def total(self) -> float:
        """The sum of all, in logits."""
        return float(self.values.sum(dtype=np.float64))

    @cached_property
    def largest(self) -> float:
        """The largest value, in logits, without its sign."""
        return float(np.abs(np.nan_to_num(self.values)).max(initial=0.0))

    @cached_property
    def decimals(self) -> int:
        """Digits after the point that all numbers have."""
        return decimals_beside(max(self.largest, abs(self.total)))

    def others(self, shown: int) -> float:
        """The sum of all but the `shown` largest, in logits."""
        return float(self.values[self.order[shown:]].sum(dtype=np.float64))

    def share(self, value: float) -> str:
        """A value as a share of the sum."""
        return percent(value / self.total) if abs(self.total) > _LITTLE * self.largest else "–"


class StrongestRows(QAbstractTableModel):
    """A row for each of the strongest, one for the others together, and one for the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.ranking: Ranking | None = None
        self.stale = False
        self.pointed: int | None = None  # the row about what is under the pointer
        self._room = 1
        self.listed = 0  # how many have a row of their own
        self._count = 0  # of all rows
        self._units: list[int] = []  # of these rows
        self._contexts: dict[int, tuple[str, str, str]] = {}  # by the unit
        self._texts: dict[tuple[int, int], str] = {}
        self._colours: dict[Ground, list[tuple[QColor, QColor] | None]] = {}

    def show(self, ranking: Ranking | None) -> None:
        """Have other values; where they are of the same text, the rows stay and only what they say is new."""
        if self.ranking is not None and ranking is not None and ranking.is_beside(self.ranking):
            self.ranking = ranking
            self._forget()
            self.dataChanged.emit(self.index(0, RANK), self.index(self._count - 1, SHARE))
            return
        self.beginResetModel()
        self.ranking = ranking
        self._contexts.clear()
        self._forget()
        self.endResetModel()

    def set_room(self, rows: int) -> None:
        """Have so many rows in all, if there is as much to show."""
        if rows != self._room:
            self.beginResetModel()
            self._room = rows
            self._forget()
            self.endResetModel()

    def _forget(self) -> None:
        self.pointed = None
        for known in (self._texts, self._colours):
            known.clear()
        count = 0 if self.ranking is None else len(self.ranking.values)
        self.listed = count if count < self._room else max(self._room - 2, 0)
        self._count = 0 if self.ranking is None else self.listed + (self.listed < count) + 1
        self._units = [] if self.ranking is None else self.ranking.order[: self.listed].tolist()

    def unit_at(self, row: int) -> int | None:
        """What the row is about; None of the others and the sum."""
        return self._units[row] if 0 <= row < self.listed else None

    def row_of_token(self, token: int) -> int | None:
        """The row about what a token is in, if it has one."""
        if self.ranking is None or token < 0:
            return None
        unit = int(self.ranking.units.of_token[token])
        return self._units.index(unit) if unit in self._units else None

    def is_sum(self, row: int) -> bool:
        return row == self._count - 1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_HEADINGS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The others and the sum are read, and not chosen."""
        return super().flags(index) if self.unit_at(index.row()) is not None else Qt.ItemFlag.ItemIsEnabled

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.ranking.unit if section == TOKEN and self.ranking is not None else _HEADINGS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(index.column())
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == TOKEN:
                before, said, after = self.context(index.row())
                return f"“{said}” in {before}{said}{after}" if before or after else said
        return None

    def text(self, row: int, column: int) -> str:
        """What a cell says."""
        if (row, column) not in self._texts:
            self._texts[row, column] = self._text(row, column)
        return self._texts[row, column]

    def _text(self, row: int, column: int) -> str:
        if self.ranking is None:
            return ""
        unit = self.unit_at(row)
        match column:
            case 0:
                return grouped(row + 1) if unit is not None else ""
            case 1:
                return "".join(self.context(row))
            case 2:
                return fixed(self._value(self.ranking, row), self.ranking.decimals, plus=not self.is_sum(row))
            case _:
                return self.ranking.share(self._value(self.ranking, row))

    def context(self, row: int) -> tuple[str, str, str]:
        """What stands before the row's token, what it says, and what follows."""
        assert self.ranking is not None
        unit = self.unit_at(row)
        if unit is None:
            rest = len(self.ranking.values) - self.listed
            others = "1 other" if rest == 1 else f"{grouped(rest)} others"
            return "", "sum" if self.is_sum(row) else others, ""
        if unit not in self._contexts:
            self._contexts[unit] = in_context(self.ranking.tokens, self.ranking.units.range_of(unit))
        return self._contexts[unit]

    def _value(self, ranking: Ranking, row: int) -> float:
        unit = self.unit_at(row)
        if unit is not None:
            return float(ranking.values[unit])
        return ranking.total if self.is_sum(row) else ranking.others(self.listed)

    def colours(self, row: int, t: Tones) -> tuple[QColor, QColor] | None:
        """Of the chip and of the text on it; None where there is none."""
        if t.ground not in self._colours:
            self._colours[t.ground] = self._all_colours(t.ground)
        painted = self._colours[t.ground]
        return painted[row] if row < len(painted) else None

    def _all_colours(self, ground: Ground) -> list[tuple[QColor, QColor] | None]:
        """Of every row that has a token."""
        ranking = self.ranking
        if ranking is None:
            return []
        places = places_on(ranking.ramp, ranking.values[ranking.order[: self.listed]], ranking.limit)
        chips = coloured(places, ranking.ramp, ground)
        pairs = zip(chips.tolist(), inks(chips, ground).tolist(), (np.abs(places) >= FAINTEST).tolist(), strict=True)
        return [(QColor(*chip), QColor(*ink)) if has_chip else None for chip, ink, has_chip in pairs]


def alignment(column: int) -> Qt.AlignmentFlag:
    """Texts stand left, numbers right."""
    side = Qt.AlignmentFlag.AlignLeft if column == TOKEN else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
