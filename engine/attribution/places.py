"""Where on a picture a layer's values are: patches after tokens that are none, or channels over a grid."""

from __future__ import annotations

import math

from torch import Tensor

from engine.protocol.values import Grid

_MOST_BEFORE = 16  # class and register tokens


def model_axis(activation: Tensor, leaf: Tensor) -> int:
    """The axis that is neither batch nor place: the last, or the second where a grid like the picture's follows it."""
    if activation.ndim != 4:
        return -1
    if leaf.ndim != 4:
        return 1 if not activation.shape[1] == activation.shape[2] != activation.shape[3] else -1
    _, first, second, third = activation.shape
    return 1 if _unlike(second, third, leaf) <= _unlike(first, second, leaf) else -1


def grid_of(activation: Tensor, leaf: Tensor) -> Grid | None:
    """The grid that a layer's places make on the pixels `leaf` (1, channel, height, width); None where they make none.

    Tokens (1, token, model) are class and register tokens, as few as leave a grid of the picture's proportions, and
    then patches.
    """
    if leaf.ndim != 4:
        return None
    height, width = leaf.shape[2:]
    if activation.ndim == 4:
        places = activation.shape[2:] if model_axis(activation, leaf) == 1 else activation.shape[1:3]
        return Grid(*places)
    if activation.ndim != 3:
        return None
    tokens = activation.shape[1]
    for before in range(min(_MOST_BEFORE, tokens - 1) + 1):
        rows = math.sqrt((tokens - before) * height / width)
        if rows.is_integer() and (tokens - before) % int(rows) == 0:
            return Grid(int(rows), (tokens - before) // int(rows), before)
    return None


def _unlike(rows: int, columns: int, leaf: Tensor) -> float:
    """How far the proportions of a grid are from the picture's."""
    return abs(math.log(rows / columns) - math.log(leaf.shape[2] / leaf.shape[3]))
