"""Relevance on a picture as colours: the pixels', or a layer's patches, each as large as what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import numpy as np

from engine.protocol.colours import Scale, colours
from engine.protocol.failures import EngineError
from engine.protocol.messages import Export, ExportGrid
from engine.protocol.values import Relevance

_LEAST_SHARPNESS = 2  # pixels per unit


def is_of_picture(relevance: Relevance) -> bool:
    """Whether the answer is about a picture."""
    return relevance.input.ndim == 2


def patches(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance of a layer's patches, float32 (row, column). Raises EngineError where its places make no grid.

    At the input (None) that is the sum of the pixels under each patch of the first layer that has some, else pixels.
    """
    if layer is None:
        first = next((grid for grid in relevance.grids if grid is not None), None)
        return relevance.input if first is None else _summed(relevance.input, first.rows, first.columns)
    grid = relevance.grids[layer] if layer < len(relevance.grids) else None
    if grid is None:
        raise EngineError(f"What layer {layer} computes has no places on the picture.", "figure_failed")
    values = relevance.layers[layer][grid.before : grid.before + grid.rows * grid.columns]
    return values.reshape(grid.rows, grid.columns)


def on_picture(relevance: Relevance, layer: int | None) -> np.ndarray:
    """float32 (height, width): the pixels' relevance, or at each pixel that of the layer's patch which covers it."""
    if layer is None:
        return relevance.input
    values = patches(relevance, layer)
    return values[np.ix_(*map(covering, relevance.input.shape, values.shape))]


def covering(pixels: int, patches: int) -> np.ndarray:
    """Which of so many patches in a row covers each pixel, int (pixel,)."""
    return np.arange(pixels) * patches // pixels


def picture_limit(relevance: Relevance, layer: int | None, scale: Scale, clip: float) -> float:
    """The relevance, in logits, at which the colours of a picture end: the percentile `clip` of what has a place on it.

    Never zero: where that percentile is, it is the largest, or else 1.
    """
    match scale:
        case "layer":
            return limit_of([relevance.input if layer is None else patches(relevance, layer)], clip)
        case "global":
            layers = [place for place, grid in enumerate(relevance.grids) if grid is not None]
            return limit_of([relevance.input, *(patches(relevance, one) for one in layers)], clip)
        case "target":
            return abs(relevance.value) if np.isfinite(relevance.value) and relevance.value else 1.0
        case _:
            assert_never(scale)


def limit_of(several: Sequence[np.ndarray], clip: float) -> float:
    """The percentile of all these values, float32 (...), or the largest or 1, as above."""
    sizes = np.abs(np.concatenate([values.ravel() for values in several]))
    sizes = sizes[np.isfinite(sizes)]
    percentile = float(np.percentile(sizes, clip)) if len(sizes) else 0.0
    return percentile or float(sizes.max(initial=0.0)) or 1.0


def painted(export: Export | ExportGrid, relevance: Relevance, layer: int | None, limit: float) -> np.ndarray:
    """The heatmap or overlay, uint8 (height, width, 3).

    In an overlay the picture is grey, since its own colours would be taken for relevance, and the colours lie on all of
    it with the same `opacity`: where they fade with relevance, what is weak or dark in the picture cannot be read.
    """
    heat = colours(on_picture(relevance, layer), limit, export.colour_map)
    if export.picture != "overlay":
        return heat
    if relevance.seen is None:
        raise EngineError("The answer has no picture to lay colours over; a heatmap can be made.", "figure_failed")
    grey = relevance.seen.pixels @ np.array([0.299, 0.587, 0.114])
    mixed: np.ndarray = (grey[..., None] * (1 - export.opacity) + heat * export.opacity).round().astype(np.uint8)
    return mixed


def fitting(relevance: Relevance, room: float) -> tuple[float, float]:
    """Width and height of the picture in a square of `room` units."""
    height, width = relevance.input.shape
    return room * width / max(width, height), room * height / max(width, height)


def sharpness(relevance: Relevance, room: float, zoom: int) -> float:
    """Pixels per unit with which every pixel of the picture, drawn in `room`, is a square of whole pixels."""
    pixels = max(relevance.input.shape)
    return zoom * -(-_LEAST_SHARPNESS * room // pixels) * pixels / room


def _summed(pixels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    sums = np.zeros((rows, columns))
    down, across = covering(pixels.shape[0], rows), covering(pixels.shape[1], columns)
    np.add.at(sums, (down[:, None], across[None]), pixels)
    return sums.astype(np.float32)
