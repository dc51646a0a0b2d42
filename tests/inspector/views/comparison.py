"""Two pictures of a view, compared as one would by looking: letters may be drawn a little otherwise elsewhere."""

from __future__ import annotations

import numpy as np

TILE = 16  # pixels
CLEAR = 64  # of 255: a pixel that is another one
MOST_CLEAR = 0.1  # of the pixels of a tile
MOST_APART = 4.0  # of 255: by how much the mean colours of a tile may differ


def unlike(seen: np.ndarray, kept: np.ndarray) -> str:
    """What is not as it was, both uint8 (height, width, 3); nothing where they look the same."""
    if seen.shape != kept.shape:
        return f"{seen.shape[1]} × {seen.shape[0]} pixels, before {kept.shape[1]} × {kept.shape[0]}"
    apart = np.abs(_tiles(seen).mean((1, 3)) - _tiles(kept).mean((1, 3))).max(2)
    clear = (np.abs(_tiles(seen) - _tiles(kept)).max(4) > CLEAR).mean((1, 3))
    wrong = (apart > MOST_APART) | (clear > MOST_CLEAR)
    if not wrong.any():
        return ""
    row, column = np.argwhere(wrong)[0]
    return (
        f"{wrong.sum()} of {wrong.size} tiles differ, the first at ({column * TILE}, {row * TILE}): its colour by "
        f"{apart[row, column]:.0f}, {clear[row, column]:.0%} of its pixels clearly"
    )


def _tiles(pixels: np.ndarray) -> np.ndarray:
    """Float (row, TILE, column, TILE, 3), the last row and column filled up with what is at the edge."""
    height, width, _ = pixels.shape
    filled = np.pad(pixels.astype(float), ((0, -height % TILE), (0, -width % TILE), (0, 0)), "edge")
    return filled.reshape(filled.shape[0] // TILE, TILE, filled.shape[1] // TILE, TILE, 3)
