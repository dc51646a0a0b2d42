"""Places relevance on a picture and limits its colours, the same on the screen and on paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.protocol.looks import Scale
from engine.protocol.relevance import Relevance
from engine.reading.limits import ROUNDING


def placed(relevance: Relevance, layer: int | None) -> np.ndarray | None:
    """Relevance where it is on the picture: (height, width) of the pixels, (row, column) of a layer's grid.

    None where what the layer computes has no places on it.
    """
    if layer is None:
        return relevance.input
    grid = relevance.grids[layer] if layer < len(relevance.grids) else None
    if grid is None:
        return None
    end = grid.before + grid.rows * grid.columns
    patches: np.ndarray = relevance.layers[layer][grid.before : end].reshape(grid.rows, grid.columns)
    return patches


def picture_limit(several: Sequence[Relevance], layer: int | None, scale: Scale, clip: float) -> float:
    """The relevance, in logits, at which the colours of these pictures end: one limit for all of them.

    It is the percentile `clip` of what has a place on them, or the largest where that is zero; at the scale "target"
    the largest value, as where all of a layer is rounding noise, which then has no colour. Never zero. Of pixels
    nothing is taken for noise: there may be a million, each with as little.
    """
    values = np.array([abs(one.value) for one in several])
    largest = float(values[np.isfinite(values)].max(initial=0.0))
    if scale == "target":
        return largest or 1.0
    spanned = [
        found.ravel()
        for one in several
        for place in ([layer] if scale == "layer" else [None, *range(len(one.layers))])
        if (found := placed(one, place)) is not None
    ]
    sizes = np.abs(np.concatenate([*spanned, np.zeros(0, np.float32)]))
    sizes = sizes[np.isfinite(sizes)]
    noise = 0.0 if layer is None else ROUNDING * largest
    if sizes.max(initial=0.0) <= noise:
        return largest or 1.0
    return max(float(np.percentile(sizes, clip)) or float(sizes.max()), noise)


def places(pixels: int, length: float, start: float, end: float, count: int) -> np.ndarray:
    """Which of `count` places between `start` and `end` lies under each of `pixels` along `length`, int (pixel,).

    -1 where a pixel lies beside them.
    """
    middles = (np.arange(pixels) + 0.5) * length / pixels
    found = np.floor((middles - start) / max(end - start, 1e-9) * count).astype(int)
    return np.where((found >= 0) & (found < count), found, -1)
