"""Looks: how relevance is shown, in a window and in a figure alike."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Drawing = Literal["tokens", "layers", "heatmap", "overlay"]
# layer: the colours span the layer shown; global: the same span for all layers; target: they span the target's value
Scale = Literal["layer", "global", "target"]

DEFAULT_COLOUR_MAP = "CET_D1A"  # diverging, readable with colour-blind eyes (Kovesi, 2015)
COLOUR_MAPS = (DEFAULT_COLOUR_MAP, "bwr", "colorbrewer:RdBu_r", "colorbrewer:PuOr_r", "vik", "CET_D9")


class Look(Struct, frozen=True):
    """The layer that is shown, and its colours. `layer` None is the input.

    `opacity`, `clip`, `zoom` and `original` are for pictures: how strongly colours lie over one, the percentile of
    absolute relevance at which they end, the enlargement of a PNG (1 to 4), and whether relevance lies on the whole
    picture, where the model saw it. Nothing here changes a value of relevance.
    """

    layer: int | None = None
    scale: Scale = "layer"
    colour_map: str = DEFAULT_COLOUR_MAP
    opacity: float = 0.6
    clip: float = 100.0
    zoom: int = 1
    original: bool = False
