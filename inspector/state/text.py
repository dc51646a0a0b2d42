"""Relevance of a text as the views show it: token by token at one layer, and at all layers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.looks import Look, Scale
from engine.protocol.relevance import Relevance
from engine.protocol.values import Token
from engine.reading.colours import colour_limit, relevance_at
from inspector.state.legends import legend_of, title_of
from inspector.state.sides import ShownPart, Side


@dataclass(frozen=True)
class LayersOfText:
    """Every layer's tokens in colour. Equal ones look the same."""

    side: Side
    scale: Scale
    colour_map: str
    limits: np.ndarray = field(compare=False)  # (layer + 2,): the input's, then every layer's

    @property
    def labels(self) -> tuple[str, ...]:
        """What each token is called."""
        return tuple(token.label for token in self.relevance.tokens)

    @property
    def relevance(self) -> Relevance:
        return self.side.relevance


@dataclass(frozen=True)
class ShownText(ShownPart):
    """The tokens in colour at one layer. Equal ones look the same."""

    layers: LayersOfText = field(compare=False)

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.relevance.tokens

    @property
    def titles(self) -> tuple[str, ...]:
        """Of each side."""
        return tuple(side.title for side in self.sides)

    @property
    def values(self) -> np.ndarray:
        """float32 (token,), of the last side."""
        return self.values_of(self.sides[-1])

    def values_of(self, side: Side) -> np.ndarray:
        """float32 (token,)."""
        return relevance_at(side.relevance, self.layer)


def text_of(sides: tuple[Side, ...], look: Look) -> ShownText:
    """What is on show of a text, on one scale for all sides."""
    return ShownText(
        sides=sides,
        layer=look.layer,
        limit=max(colour_limit(side.relevance, look.layer, look.scale) for side in sides),
        colour_map=look.colour_map,
        legend=legend_of(sides, look),
        title=title_of([side.title for side in sides], look.layer, sides[-1].relevance),
        layers=LayersOfText(sides[-1], look.scale, look.colour_map, _limits(sides[-1].relevance, look.scale)),
    )


def _limits(relevance: Relevance, scale: Scale) -> np.ndarray:
    places: list[int | None] = [None, *range(len(relevance.layers))]
    if scale == "layer":
        return np.array([colour_limit(relevance, place, scale) for place in places])
    return np.full(len(places), colour_limit(relevance, None, scale))
