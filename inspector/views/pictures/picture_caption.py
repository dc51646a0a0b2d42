"""The caption below a picture: how large it is, or what is under the pointer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspector.look.numbers import signed
from inspector.views.pictures.picture_ground import Ground


def size_in_words(ground: Ground, grid: tuple[int, int] | None) -> str:
    """The size of a picture: its pixels, the part the model saw, and how many patches that is."""
    size = f"{ground.width} × {ground.height} pixels"
    seen = f"{ground.seen.width():.0f} × {ground.seen.height():.0f}"
    part = "" if ground.is_all_seen else f", of which the model saw {seen}"
    return f"{size}{part}" + (f" · {grid[0]} × {grid[1]} patches" if grid else "")


def pixel_in_words(
    ground: Ground,
    relevance: Sequence[np.ndarray | None],
    grid: tuple[int, int] | None,
    pixel: tuple[int, int],
) -> str:
    """The relevance at a pixel (row, column), of each answer, and where that is."""
    row, column = pixel
    patch = ground.place(row, column, *grid) if grid else None
    where = f"row {row}, column {column}" + (f" · patch {patch[0]}, {patch[1]}" if patch else "")
    return f"{_values(ground, relevance, row, column)} · {where}"


def _values(ground: Ground, relevance: Sequence[np.ndarray | None], row: int, column: int) -> str:
    found = []
    for values in relevance:
        if values is None:
            return "this layer has no places on the picture"
        place = ground.place(row, column, *values.shape)
        if place is None:
            return "not seen by the model"
        found.append(signed(float(values[place])))
    return f"{found[0]} pinned, {found[1]} now, in logits" if len(found) > 1 else f"{found[0]} logits"
