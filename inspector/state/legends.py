"""Titles and legends: what is on show and what its colours span, in words."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.looks import Look, Scale
from engine.protocol.relevance import Relevance
from inspector.look.numbers import written
from inspector.state.sides import Side

SCALE_TITLES: dict[Scale, str] = {"layer": "Each layer", "global": "All layers", "target": "Share of target"}


def layer_title(layer: int | None, relevance: Relevance) -> str:
    """Where in the model relevance is looked at, in words."""
    layers = len(relevance.layers)
    if layer is None:
        return relevance.parts[0].entry
    return f"entering block {layer}" if layer < layers - 1 else "leaving the last block"


def title_of(titles: Sequence[str], layer: int | None, relevance: Relevance) -> str:
    """What is on show; several sides have their `titles` over them."""
    place = f"Relevance · {layer_title(layer, relevance)}"
    return place if len(titles) > 1 else f"{place} · {titles[0]}"


def legend_of(sides: Sequence[Side], look: Look, clip: float = 100.0) -> str:
    """The scale in force, in words; its numbers stand at the colours. `clip` is the percentile that is applied."""
    match look.scale:
        case "layer":
            legend = "Scale: each layer by itself"
        case "global":
            legend = "Scale: the same for all layers"
        case "target":
            value = max(abs(side.relevance.value) for side in sides)
            legend = f"Scale: share of the target, 100 % = {written(value)}"
    if clip < 100:
        legend = f"{legend}, {clip:g} % of values"
    return f"{legend}, for both" if len(sides) > 1 else legend
