"""How an answer is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.protocol.looks import DEFAULT_COLOUR_MAP, Scale

PictureMode = Literal["picture", "heatmap", "overlay", "side by side"]


@dataclass(frozen=True)
class View:
    """What is on show: a layer (None is the input), a scale, a colour map, and the token under the cursor.

    Of a picture: how its relevance is laid over it, the percentile of absolute relevance at which colours end, and
    whether it lies on the original, of which the model saw a part.
    """

    layer: int | None = None
    scale: Scale = "layer"
    colour_map: str = DEFAULT_COLOUR_MAP
    token: int | None = None
    mode: PictureMode = "overlay"
    opacity: float = 0.6
    clip: float = 100.0
    patches: bool = False  # lines between them
    original: bool = False
