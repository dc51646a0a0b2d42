"""Relevance of a picture as the views show it: on its pixels, and layer by layer on the grid of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.colours import Scale, colour_limit, relevance_at
from engine.protocol.messages import Explained
from engine.protocol.values import Grid, Relevance, Seen
from inspector.state.view import View

CLIPS = (100.0, 99.9, 99.0, 95.0)  # percentiles that are offered


@dataclass(frozen=True)
class Picture:
    """A picture and its relevance at one layer. Equal pictures look the same, however they are laid over each other."""

    answer: Explained  # compares by identity
    layer: int | None
    limit: float
    colour_map: str
    legend: str
    seen: Seen = field(compare=False)
    grid: Grid | None = field(compare=False)  # the patches to draw lines between
    values: np.ndarray | None = field(compare=False)  # (height, width) or (row, column); None where it has no places
    title: str = field(compare=False)


@dataclass(frozen=True)
class Thumbnails:
    """The input, then every layer, as small heatmaps. Equal ones look the same."""

    answer: Explained
    scale: Scale
    clip: float
    colour_map: str
    maps: tuple[np.ndarray | None, ...] = field(compare=False)  # None of a layer without places on the picture
    extras: tuple[np.ndarray, ...] = field(compare=False)  # (token,) of each: class and register tokens
    limits: tuple[float, ...] = field(compare=False)
    labels: tuple[str, ...] = field(compare=False)


def picture_of(answer: Explained, view: View, title: str, legend: str) -> Picture | None:
    """What is on show of an answer about a picture; None of any other."""
    relevance = answer.relevance
    if relevance.seen is None:
        return None
    beside = beside_at(relevance, view.layer)
    if len(beside):
        title = f"{title} · {_beside_in_words(beside)}"
    return Picture(
        answer=answer,
        layer=view.layer,
        limit=display_limit(relevance, view.layer, view.scale, view.clip),
        colour_map=view.colour_map,
        legend=legend if view.clip >= 100 else f"{legend}, to the {view.clip:g}th percentile",
        seen=relevance.seen,
        grid=_patches(relevance, view.layer),
        values=placed(relevance, view.layer),
        title=title,
    )


def thumbnails_of(answer: Explained, view: View) -> Thumbnails | None:
    """All layers of an answer about a picture; None of any other."""
    relevance = answer.relevance
    if relevance.seen is None:
        return None
    places = (None, *range(len(relevance.layers)))
    return Thumbnails(
        answer,
        view.scale,
        view.clip,
        view.colour_map,
        tuple(placed(relevance, place) for place in places),
        tuple(beside_at(relevance, place) for place in places),
        tuple(display_limit(relevance, place, view.scale, view.clip) for place in places),
        tuple(_label(place, len(relevance.layers)) for place in places),
    )


def placed(relevance: Relevance, layer: int | None) -> np.ndarray | None:
    """Relevance where it is on the picture: (height, width) of the pixels, (row, column) of a layer's grid."""
    if layer is None:
        return relevance.input
    grid = relevance.grids[layer]
    if grid is None:
        return None
    end = grid.before + grid.rows * grid.columns
    patches: np.ndarray = relevance.layers[layer][grid.before : end].reshape(grid.rows, grid.columns)
    return patches


def beside_at(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance (token,) of the tokens before a layer's patches, which are nowhere on the picture."""
    grid = None if layer is None else relevance.grids[layer]
    if layer is None or grid is None:
        return np.zeros(0, np.float32)
    before: np.ndarray = relevance.layers[layer][: grid.before]
    return before


def display_limit(relevance: Relevance, layer: int | None, scale: Scale, clip: float) -> float:
    """As `colour_limit`, but at a percentile of absolute relevance: what is beyond has the last colour."""
    limit = colour_limit(relevance, layer, scale)
    if clip >= 100 or scale == "target":
        return limit
    values = relevance.layers if scale == "global" else relevance_at(relevance, layer)
    finite = np.abs(values[np.isfinite(values)])
    return float(np.percentile(finite, clip)) or limit if len(finite) else limit


def _patches(relevance: Relevance, layer: int | None) -> Grid | None:
    """The layer's grid; on the pixels that of the first layer that has one."""
    if layer is not None:
        return relevance.grids[layer]
    return next((grid for grid in relevance.grids if grid is not None), None)


def _label(layer: int | None, layers: int) -> str:
    if layer is None:
        return "Pixels"
    return f"Block {layer}" if layer < layers - 1 else "Output"


def _beside_in_words(beside: np.ndarray) -> str:
    amount = f"{beside.sum(dtype=np.float64):+.2f}".replace("-", "−")
    return f"class token {amount}" if len(beside) == 1 else f"{len(beside)} tokens beside the patches {amount}"
