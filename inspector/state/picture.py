"""Relevance of a picture as the views show it: on its pixels, and layer by layer on the grid of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.looks import Look, Ramp, Scale
from engine.protocol.relevance import Relevance
from engine.protocol.values import Grid, Seen
from engine.reading.limits import ROUNDING
from engine.reading.placing import picture_limit, placed
from inspector.look.numbers import signed
from inspector.state.legends import legend_of
from inspector.state.sides import ShownPart, Side

NO_ORIGINAL = "Which part of the original the model saw is not known: its way to prepare pictures is no crop"
CLIPS = (100.0, 99.9, 99.0, 95.0)  # percentiles that are offered


@dataclass(frozen=True)
class LayersOfPicture:
    """The input, then every layer, as small heatmaps. Equal ones look the same."""

    side: Side
    scale: Scale
    clip: float
    ramp: Ramp
    maps: tuple[np.ndarray | None, ...] = field(compare=False)  # None of a layer without places on the picture
    extras: tuple[np.ndarray, ...] = field(compare=False)  # (token,) of each: class and register tokens
    limits: tuple[float, ...] = field(compare=False)
    labels: tuple[str, ...] = field(compare=False)


@dataclass(frozen=True)
class ShownPicture(ShownPart):
    """A picture and its relevance at one layer. Equal ones look the same, however they are laid over each other."""

    original: bool  # relevance lies on the whole picture, where the model saw it
    seen: Seen = field(compare=False)
    grid: Grid | None = field(compare=False)  # the patches to draw lines between
    titles: tuple[str, ...] = field(compare=False)  # of each side
    note: str = field(compare=False)  # why there is nothing in colour; empty where there is
    layers: LayersOfPicture = field(compare=False)

    @property
    def is_on_original(self) -> bool:
        return self.original

    @property
    def beside_in_words(self) -> str:
        beside = beside_at(self.relevance, self.layer)
        return _beside_in_words(beside) if len(beside) else ""

    @property
    def values(self) -> np.ndarray | None:
        """The last side's, (height, width) or (row, column); None where the layer has no places on the picture."""
        return self.values_of(self.sides[-1])

    def values_of(self, side: Side) -> np.ndarray | None:
        """A side's, (height, width) or (row, column); None where the layer has no places on the picture."""
        return placed(side.relevance, self.layer)


def picture_of(sides: tuple[Side, ...], look: Look) -> ShownPicture | None:
    """What is on show of a picture, on one scale for all sides; None of pixels that came without one."""
    relevance = sides[-1].relevance
    if relevance.seen is None:
        return None
    notes = [_note(side.relevance, look.layer) for side in sides]
    titles = tuple(_side_title(side, look.layer) for side in sides)
    return ShownPicture(
        sides=sides,
        layer=look.layer,
        limit=picture_limit([side.relevance for side in sides], look.layer, look.scale, look.clip),
        ramp=look.picture_ramp,
        legend=legend_of(sides, look, look.clip),
        original=is_on_original(relevance, look),
        seen=relevance.seen,
        grid=_patches(relevance, look.layer),
        titles=titles,
        note=notes[-1] if all(notes) else "",
        layers=_layers_of(sides[-1], look),
    )


def is_on_original(relevance: Relevance, look: Look) -> bool:
    """Whether relevance is laid on the original: where that is wanted, and known."""
    return look.original and relevance.seen is not None and relevance.seen.whole is not None


def _layers_of(side: Side, look: Look) -> LayersOfPicture:
    relevance = side.relevance
    places = (None, *range(len(relevance.layers)))
    return LayersOfPicture(
        side,
        look.scale,
        look.clip,
        look.picture_ramp,
        tuple(placed(relevance, place) for place in places),
        tuple(beside_at(relevance, place) for place in places),
        tuple(picture_limit([relevance], place, look.scale, look.clip) for place in places),
        tuple(_label(place) for place in places),
    )


def beside_at(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance (token,) of the tokens before a layer's patches, which are nowhere on the picture."""
    grid = None if layer is None else relevance.grids[layer]
    if layer is None or grid is None:
        return np.zeros(0, np.float32)
    before: np.ndarray = relevance.layers[layer][: grid.before]
    return before


def _side_title(side: Side, layer: int | None) -> str:
    """Rule set and target, and what lies beside the picture."""
    beside = beside_at(side.relevance, layer)
    return f"{side.title} · {_beside_in_words(beside)}" if len(beside) else side.title


def _note(relevance: Relevance, layer: int | None) -> str:
    values, beside = placed(relevance, layer), len(beside_at(relevance, layer))
    if values is None or not beside or not np.abs(values).max() <= ROUNDING * abs(relevance.value):
        return ""
    tokens = "the class token, which has" if beside == 1 else f"{beside} tokens that have"
    return f"All relevance of this layer is at {tokens} no place on the picture."


def _patches(relevance: Relevance, layer: int | None) -> Grid | None:
    """The layer's grid; on the pixels that of the first layer that has one."""
    if layer is not None:
        return relevance.grids[layer]
    return next((grid for grid in relevance.grids if grid is not None), None)


def _label(layer: int | None) -> str:
    return "Pixels" if layer is None else f"Layer {layer}"


def _beside_in_words(beside: np.ndarray) -> str:
    amount = signed(float(beside.sum(dtype=np.float64)))
    return f"class token {amount}" if len(beside) == 1 else f"{len(beside)} tokens beside the patches {amount}"
