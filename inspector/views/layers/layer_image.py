"""The pixels of the layer map: every row on its own scale, and no token lost where there are more than pixels."""

from __future__ import annotations

import numpy as np

from engine.protocol.looks import Ground, Ramp
from engine.reading.colours import colours


def strongest(values: np.ndarray, first: int, last: int, columns: int) -> tuple[np.ndarray, int]:
    """(row, bin) for the tokens from `first` up to `last`, and how many tokens a bin holds.

    A bin shows its value of largest magnitude: a mean or a sample would hide the one token that matters.
    """
    part = values[:, first:last]
    each = -(-part.shape[1] // max(columns, 1))
    if each <= 1:
        return part, 1
    bins = -(-part.shape[1] // each)
    padded = np.zeros((len(values), bins * each), values.dtype)
    padded[:, : part.shape[1]] = np.nan_to_num(part)
    cells = padded.reshape(len(values), bins, each)
    where = np.abs(cells).argmax(axis=2)
    return np.take_along_axis(cells, where[..., None], axis=2)[..., 0], each


def row_colours(values: np.ndarray, limits: np.ndarray, ramp: Ramp, ground: Ground) -> np.ndarray:
    """uint8 (row, column, 3): the colours of each row end at ± its own limit."""
    return colours(values, limits[:, None], ramp, ground)
