"""Looks: how relevance is shown, in a window and in a figure alike."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Drawing = Literal["tokens", "layers", "heatmap", "overlay"]
# layer: the colours span the layer shown; global: the same span for all layers; target: they span the target's value
Scale = Literal["layer", "global", "target"]
Unit = Literal["token", "word", "line", "sentence"]  # what relevance is summed over
Ground = Literal["light", "dark"]  # what colours lie on

DEFAULT_COLOUR_MAP = "relevance"  # our own: red for, blue against, the ground at zero
COLOUR_MAPS = (DEFAULT_COLOUR_MAP, "CET_D1A", "bwr", "colorbrewer:RdBu_r", "colorbrewer:PuOr_r", "vik", "CET_D9")
DEFAULT_CONTRAST = 0.55  # of 30 layers of a real model and prompt, this shows the most tokens
CONTRASTS = (0.35, 1.0)  # the strongest and the weakest on offer; 1 is linear


class Ramp(Struct, frozen=True):
    """Colours for relevance: a map, and the exponent of (relevance / limit) that places a colour on it; 1 is linear."""

    colour_map: str = DEFAULT_COLOUR_MAP
    contrast: float = 1.0


class Look(Struct, frozen=True):
    """The layer that is shown, and its colours. `layer` None is the input.

    Of texts: `contrast` is the exponent of a `Ramp`; `without` leaves the first token, where attention goes that has
    nowhere to go, and the token whose continuation is explained out of the limit at which colours end (never out of the
    picture or the numbers); `signs` underlines tokens and hatches cells that are negative; `unit` is what relevance is
    summed over, and `values` writes it under the tokens. Of pictures: `opacity` is how strongly colours lie over one,
    `clip` the percentile of absolute relevance at which they end, `zoom` the enlargement of a PNG (1 to 4), and
    `original` lays relevance on the whole picture, where the model saw it. `ground` is what a figure is drawn on.
    Nothing here changes a value of relevance.
    """

    layer: int | None = None
    scale: Scale = "layer"
    colour_map: str = DEFAULT_COLOUR_MAP
    opacity: float = 0.6
    clip: float = 100.0
    zoom: int = 1
    original: bool = False
    contrast: float = DEFAULT_CONTRAST
    without: bool = True
    signs: bool = True
    ground: Ground = "light"
    unit: Unit = "token"
    values: bool = False

    @property
    def ramp(self) -> Ramp:
        """The colours of tokens."""
        return Ramp(self.colour_map, self.contrast)

    @property
    def picture_ramp(self) -> Ramp:
        """The colours of pixels and patches."""
        return Ramp(self.colour_map)
