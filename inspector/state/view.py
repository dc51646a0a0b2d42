"""How an answer is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol.colours import DEFAULT_COLOUR_MAP, Scale


@dataclass(frozen=True)
class View:
    """What is on show: a layer (None is the input), a scale, a colour map, and the token under the cursor."""

    layer: int | None = None
    scale: Scale = "layer"
    colour_map: str = DEFAULT_COLOUR_MAP
    token: int | None = None
