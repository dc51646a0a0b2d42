"""Numbers with as many digits after the point, written alike in a window and on paper."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.protocol.looks import Unit
from engine.protocol.relevance import Relevance
from engine.reading.units import units_of

LEAST_UNDER = 0.005  # logits: what is smaller would be written as zero


def fixed(value: float, decimals: int, plus: bool = False) -> str:
    """A number of a column, all of which have as many digits after the point; `plus` before what is above zero."""
    text = f"{value:.{decimals}f}"
    if not float(text) and math.isfinite(value):
        return text.removeprefix("-")
    return f"+{text}" if plus and value > 0 else text.replace("-", "−")


def number_under(value: float) -> str:
    """What stands under a token: its relevance in logits; nothing where that would be zero or is not known."""
    written = fixed(value, 2)
    return written if math.isfinite(value) and float(written.replace("−", "-")) else ""


@lru_cache(maxsize=4)
def extremes_of(relevance: Relevance, unit: Unit) -> np.ndarray:
    """The least and the largest value that each unit has at the input or any layer, (2, unit)."""
    merged = units_of(relevance.tokens, unit).merged(np.vstack([relevance.input[None], relevance.layers]))
    return np.stack([np.fmin.reduce(merged), np.fmax.reduce(merged)])
