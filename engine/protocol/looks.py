"""Looks: how relevance is shown, in a window and in a figure alike."""

from __future__ import annotations

from typing import Literal

# layer: the colours span the layer shown; global: the same span for all layers; target: they span the target's value
Scale = Literal["layer", "global", "target"]

DEFAULT_COLOUR_MAP = "CET_D1A"  # diverging, readable with colour-blind eyes (Kovesi, 2015)
COLOUR_MAPS = (DEFAULT_COLOUR_MAP, "bwr", "colorbrewer:RdBu_r", "colorbrewer:PuOr_r", "vik", "CET_D9")
