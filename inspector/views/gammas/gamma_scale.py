"""The places of a slider that goes through four zeros: from 0.001 to 100 by even factors, and to 0 at its end."""

from __future__ import annotations

import math

_LEAST, _DECADES, _EACH = 1e-3, 5, 20
LAST = _DECADES * _EACH + 1  # the place of 100; 0 is that of no gamma


def gamma_at(place: int) -> float:
    """The gamma at a place from 0 to 101, rounded to three significant digits."""
    return 0.0 if place == 0 else float(f"{_LEAST * 10 ** ((place - 1) / _EACH):.3g}")


def place_of(gamma: float) -> int:
    """The place nearest to `gamma` on the scale."""
    if gamma <= _LEAST / 2:
        return 0
    return min(max(round(math.log10(gamma / _LEAST) * _EACH), 0) + 1, LAST)
