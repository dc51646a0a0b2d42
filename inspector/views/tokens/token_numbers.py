"""Numbers under tokens: the room that they take, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QFont, QFontMetricsF

from engine.reading.numbers import LEAST_UNDER
from engine.reading.units import Units
from inspector.views.tokens.token_runs import Runs

_ABOVE, _BELOW = 3.0, 4.0  # between a box, the digits under it, and the next row
_APART = 5.0  # between two numbers


@dataclass(frozen=True, eq=False)
class NumberRoom:
    """The room for the number under each unit: its width, float (unit,), which is 0 where there never is one."""

    units: Units
    widths: np.ndarray
    height: float

    def lacking(self, runs: Runs, widths: np.ndarray) -> np.ndarray:
        """How much wider runs of these widths (run,) have to be for the numbers, (run,).

        What a unit lacks is behind it, or where its first row ends that must end.
        """
        first = self._changes(runs.tokens)
        forced = np.append(np.flatnonzero(runs.ends_row), len(runs))
        last = np.minimum(forced[np.searchsorted(forced, first)], np.append(first[1:], len(runs)) - 1)
        ends = np.concatenate(([0.0], np.cumsum(widths)))
        lacking = np.zeros(len(runs))
        lacking[last] = np.maximum(self.widths - (ends[last + 1] - ends[first]), 0)
        return lacking

    def placed(self, span_token: np.ndarray, span_row: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The span under which each unit's number begins, int (unit,).

        It is the first of the unit, or of the first of its rows that has room for the number.
        """
        of_span = self.units.of_token[span_token]
        begins = np.append(True, (of_span[1:] != of_span[:-1]) | (span_row[1:] != span_row[:-1]))
        first = np.flatnonzero(begins)
        room = np.maximum.reduceat(right, first) - np.minimum.reduceat(left, first)
        in_unit = of_span[first]
        chosen: np.ndarray = first[np.searchsorted(in_unit, np.arange(len(self.units)))]
        wide = np.flatnonzero(room >= self.widths[in_unit])[::-1]
        chosen[in_unit[wide]] = first[wide]  # of several the last one counts, which is the first in reading order
        return chosen

    def _changes(self, tokens: np.ndarray) -> np.ndarray:
        """Where another unit begins, among these tokens."""
        of_token = self.units.of_token[tokens]
        return np.flatnonzero(np.append(True, of_token[1:] != of_token[:-1]))


@dataclass(frozen=True, eq=False)
class NumberPlaces:
    """Where the number of each unit begins; all arrays are (unit,), rows never decrease."""

    row: np.ndarray
    x: np.ndarray  # its left end, or its right end where it is mirrored
    mirrored: np.ndarray  # what it stands under reads from right to left

    def between(self, rows: range) -> slice:
        """The units whose numbers are in these rows."""
        first, last = np.searchsorted(self.row, [rows.start, rows.stop])
        return slice(int(first), int(last))


class NumberWidths:
    """How wide numbers are in a font, and how high a row of them is."""

    def __init__(self, font: QFont) -> None:
        metrics = QFontMetricsF(font)
        self._digit = max(metrics.horizontalAdvance(digit) for digit in "0123456789")
        self._point, self._minus = (metrics.horizontalAdvance(sign) for sign in ".−")
        self.height = float(np.ceil(_ABOVE + metrics.capHeight() + _BELOW))
        self.top = _ABOVE + metrics.capHeight() - metrics.ascent()  # of a text, below its box

    def room(self, units: Units, extremes: np.ndarray) -> NumberRoom:
        """The room for any number from the least to the largest of each unit, (2, unit)."""
        sizes = np.nan_to_num(np.abs(extremes), posinf=0)
        digits = 1 + np.floor(np.log10(np.maximum(sizes + LEAST_UNDER, 1)))
        widths = (digits + 2) * self._digit + self._point + np.where(extremes < 0, self._minus, 0) + _APART
        seen = np.where(sizes >= LEAST_UNDER, widths, 0)
        return NumberRoom(units, np.ceil(seen.max(axis=0)), self.height)
