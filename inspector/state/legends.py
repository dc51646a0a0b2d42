"""Where relevance is looked at, and what its colours span, in words."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.looks import Look, Scale
from engine.protocol.relevance import Relevance
from inspector.look.numbers import written
from inspector.state.sides import Side

SCALE_TITLES: dict[Scale, str] = {"layer": "per layer", "global": "all layers", "target": "share of target"}


def layer_title(layer: int | None, relevance: Relevance) -> str:
    """Where in the model relevance is looked at, in words. Layer 0 enters the first block, the last leaves the last."""
    last = len(relevance.layers) - 1
    if layer is None:
        return relevance.parts[0].entry
    return f"layer {layer} of {last}"


def legend_of(sides: Sequence[Side], look: Look, clip: float = 100.0, of: str = "layer") -> str:
    """The scale in force, in words; its numbers stand at the colours. `clip` is the percentile that is applied.

    `of` is what is on show: a layer, or a part of the model, which has a scale of its own.
    """
    if look.scale == "target":
        value = max(abs(side.relevance.value) for side in sides)
        legend = f"Colours span the target's value, {written(value)}"
    elif look.scale == "layer" or of != "layer":
        legend = f"Colours span this {of}"
    else:
        legend = "Colours span all layers"
    if clip < 100:
        legend = f"{legend}, {clip:g} % of values"
    return f"{legend}, for both" if len(sides) > 1 else legend
