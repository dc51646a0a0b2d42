"""Relevance on a picture as colours: the pixels', or a layer's patches, each as large as what it covers."""

from __future__ import annotations

from math import ceil

import numpy as np

from engine.protocol.failures import EngineError
from engine.protocol.messages import Export, ExportGrid
from engine.protocol.relevance import Relevance
from engine.protocol.values import Seen
from engine.reading.colours import GROUNDS, UNSEEN, colours, greyed, rgb_of
from engine.reading.placing import placed, places

_LEAST_SHARPNESS = 2  # pixels per unit, and on the original per pixel that was seen


def patches(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance of a layer's patches, float32 (row, column). Raises EngineError where its places make no grid.

    At the input (None) that is the sum of the pixels under each patch of the first layer that has some, else pixels.
    """
    if layer is None:
        first = next((grid for grid in relevance.grids if grid is not None), None)
        return relevance.input if first is None else _summed(relevance.input, first.rows, first.columns)
    values = placed(relevance, layer)
    if values is None:
        raise EngineError(f"What layer {layer} computes has no places on the picture.", "figure_failed")
    return values


def on_picture(relevance: Relevance, layer: int | None) -> np.ndarray:
    """float32 (height, width): relevance of the pixels, or for each pixel that of the layer's patch over it."""
    if layer is None:
        return relevance.input
    values = patches(relevance, layer)
    laid: np.ndarray = values[np.ix_(*map(covering, relevance.input.shape, values.shape))]
    return laid


def covering(pixels: int, patches: int) -> np.ndarray:
    """Which of so many patches in a row covers each pixel, int (pixel,)."""
    return np.arange(pixels) * patches // pixels


def painted(export: Export | ExportGrid, relevance: Relevance, layer: int | None, limit: float) -> np.ndarray:
    """The heatmap or overlay, uint8 (height, width, 3): on the picture as the model saw it, or on the original.

    Raises EngineError where that picture is not there.
    """
    heat = colours(on_picture(relevance, layer), limit, export.look.picture_ramp, export.look.ground)
    opacity = export.look.opacity if export.picture == "overlay" else 1.0
    if export.look.original:
        return _on_original(heat, opacity, rgb_of(GROUNDS[export.look.ground]), *_original(relevance))
    if export.picture == "heatmap":
        return heat
    if relevance.seen is None:
        raise EngineError("The answer has no picture to lay colours over; a heatmap can be made.", "figure_failed")
    return _mixed(greyed(relevance.seen.pixels), heat, opacity)


def painted_size(export: Export | ExportGrid, relevance: Relevance) -> tuple[int, int]:
    """Height and width of what is painted, in pixels."""
    if not export.look.original:
        height, width = relevance.input.shape
        return height, width
    seen, whole = _original(relevance)
    return _enlarged(whole, seen, relevance.input.shape).shape[:2]


def _original(relevance: Relevance) -> tuple[Seen, np.ndarray]:
    seen = relevance.seen
    if seen is None or seen.whole is None or seen.box is None:
        message = "It is not known which part of the original the model saw: take the picture as the model saw it."
        raise EngineError(message, "figure_failed")
    return seen, seen.whole


def _on_original(heat: np.ndarray, opacity: float, ground: np.ndarray, seen: Seen, whole: np.ndarray) -> np.ndarray:
    """Relevance at its place on the grey original, which fades into the ground where the model did not see it."""
    assert seen.box is not None
    grey = greyed(_enlarged(whole, seen, heat.shape[:2]))
    (height, width), (left, top, right, bottom) = grey.shape[:2], seen.box
    rows = places(height, seen.original[1], top, bottom, heat.shape[0])
    columns = places(width, seen.original[0], left, right, heat.shape[1])
    picture = _mixed(ground, grey, UNSEEN)
    inside = np.ix_(rows >= 0, columns >= 0)
    picture[inside] = _mixed(grey[inside], heat[np.ix_(rows[rows >= 0], columns[columns >= 0])], opacity)
    return picture


def _enlarged(whole: np.ndarray, seen: Seen, size: tuple[int, ...]) -> np.ndarray:
    """The original, enlarged until every pixel that the model saw is two or more across."""
    assert seen.box is not None
    left, top, right, bottom = seen.box
    across = (right - left) * whole.shape[1] / seen.original[0]
    down = (bottom - top) * whole.shape[0] / seen.original[1]
    times = max(ceil(_LEAST_SHARPNESS * size[0] / down), ceil(_LEAST_SHARPNESS * size[1] / across))
    return whole.repeat(times, axis=0).repeat(times, axis=1)


def _mixed(ground: np.ndarray, colour: np.ndarray, opacity: float) -> np.ndarray:
    mixed: np.ndarray = (ground * (1 - opacity) + colour * opacity).round().astype(np.uint8)
    return mixed


def fitting(size: tuple[int, int], room: float) -> tuple[float, float]:
    """Width and height, in a square of `room` units, of a picture whose height and width are `size`."""
    height, width = size
    return room * width / max(size), room * height / max(size)


def sharpness(size: tuple[int, int], room: float, zoom: int) -> float:
    """Pixels per unit with which every pixel of such a picture, drawn in `room`, is a square of whole pixels."""
    pixels = max(size)
    return zoom * -(-_LEAST_SHARPNESS * room // pixels) * pixels / room


def _summed(pixels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    sums = np.zeros((rows, columns))
    down, across = covering(pixels.shape[0], rows), covering(pixels.shape[1], columns)
    np.add.at(sums, (down[:, None], across[None]), pixels)
    return sums.astype(np.float32)
