"""Relevance of a text as the views show it: token by token at one layer, and at all layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from msgspec import structs

from engine.protocol.looks import Look, Ramp, Scale, Unit
from engine.protocol.relevance import Relevance
from engine.protocol.values import Token
from engine.reading.limits import ROUNDING, colour_limit, left_out, relevance_at
from engine.reading.numbers import extremes_of
from engine.reading.units import Units, units_of
from engine.reading.units import text_of as unit_text
from inspector.look.numbers import percent, signed
from inspector.look.visible_text import shortened
from inspector.state.legends import legend_of
from inspector.state.sides import ShownPart, Side
from inspector.state.through import Through


@dataclass(frozen=True)
class LayersOfText:
    """Every layer's tokens in colour. Equal ones look the same."""

    side: Side
    scale: Scale
    without: bool
    ramp: Ramp
    unit: Unit  # what a column is
    limits: np.ndarray = field(compare=False)  # (layer + 2,): the input's, then every layer's

    @property
    def units(self) -> Units:
        """The columns."""
        return units_of(self.relevance.tokens, self.unit)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each column is called."""
        tokens = self.relevance.tokens
        if self.unit == "token":
            return tuple(token.label for token in tokens)
        return tuple(unit_text(tokens, span) for span in self.units.ranges)

    @property
    def input(self) -> np.ndarray:
        """(unit,)."""
        return self.units.merged(self.relevance.input)

    @property
    def layers(self) -> np.ndarray:
        """(layer + 1, unit)."""
        return self.units.merged(self.relevance.layers)

    @property
    def relevance(self) -> Relevance:
        return self.side.relevance


@dataclass(frozen=True)
class ShownText(ShownPart):
    """The tokens in colour at one layer, or with the relevance of one part of the model. Equal ones look the same."""

    through: Through | None  # the part that is on show in place of the layer
    without: bool  # the tokens that say little beside their place are left out of the limit
    signs: bool  # what speaks against is underlined
    has_numbers: bool  # the value of each unit stands under it
    unit: Unit  # what relevance is summed over
    layers: LayersOfText = field(compare=False)

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.relevance.tokens

    @property
    def seen(self) -> tuple[Relevance, ...]:
        """Of each side, what is on show of it."""
        return tuple(side.relevance for side in self.sides) if self.through is None else self.through.relevances

    @property
    def row(self) -> int | None:
        """The layer of what is on show."""
        return self.layer if self.through is None else None

    @property
    def titles(self) -> tuple[str, ...]:
        """Of each side."""
        return tuple(side.title for side in self.sides)

    @property
    def values(self) -> np.ndarray:
        """float32 (token,), of the last side."""
        return self.values_of(self.sides[-1])

    @property
    def units(self) -> Units:
        """What the tokens are merged to."""
        return units_of(self.tokens, self.unit)

    @property
    def unit_values(self) -> np.ndarray:
        """(unit,), of the last side."""
        return self.unit_values_of(self.sides[-1])

    @property
    def left_out(self) -> tuple[int, ...]:
        """The units that are left out of the limit, or may be."""
        return left_out(self.sides[-1].whole, self.unit, self.sides[-1].part)

    @property
    def strongest(self) -> int | None:
        """The last token of the strongest unit beside those left out; None where none has relevance."""
        sizes = np.abs(np.nan_to_num(self.unit_values))
        sizes[list(self.left_out)] = 0
        return self.units.range_of(int(sizes.argmax()))[-1] if sizes.any() else None

    @property
    def left_out_in_words(self) -> str:
        """These tokens with their relevance, and the share of the sum that they hold together."""
        if not self.left_out:
            return ""
        values, total = self.unit_values, self.seen[-1].parts[0].total(self.row)
        named = {at: unit_text(self.tokens, self.units.range_of(at)) for at in self.left_out}
        names = [f"“{shortened(name.strip())}” {signed(float(values[at]))}" for at, name in named.items()]
        held = float(values[list(self.left_out)].sum(dtype=np.float64))
        share = f" ({percent(held / total)})" if abs(total) > ROUNDING * abs(self.relevance.value) else ""
        return ", ".join(names) + share

    @property
    def reach(self) -> int:
        """The number of tokens that can matter: those behind have no relevance at any layer of any side."""
        has = np.any([(r.input != 0) | (r.layers != 0).any(axis=0) for r in self.seen], axis=0)
        return int(np.flatnonzero(has).max(initial=len(has) - 1 if not has.any() else 0)) + 1

    @property
    def extremes(self) -> np.ndarray | None:
        """The least and the largest value of each unit at any layer of any side, (2, unit), where values are wanted.

        What has room for both stays where it is, whatever layer is on show, and alike on all sides.
        """
        if not self.has_numbers:
            return None
        low, high = zip(*(extremes_of(relevance, self.unit) for relevance in self.seen), strict=True)
        return np.stack([np.fmin.reduce(low), np.fmax.reduce(high)])

    def values_of(self, side: Side) -> np.ndarray:
        """float32 (token,)."""
        return relevance_at(self.seen[self.sides.index(side)], self.row)

    def unit_values_of(self, side: Side) -> np.ndarray:
        """(unit,)."""
        return self.units.merged(self.values_of(side))


def text_of(sides: tuple[Side, ...], look: Look, through: Through | None = None) -> ShownText:
    """What is on show of a text, on one scale for all sides; with `through` a part of the model in place of a layer."""
    layers = len(sides[-1].relevance.layers)
    row = look.layer if through is None else None
    seen = map(_beside, sides) if through is None else through.relevances
    return ShownText(
        sides=sides,
        layer=None if look.layer is None else min(look.layer, layers - 1),
        limit=max(colour_limit(relevance, row, look) for relevance in seen),
        ramp=look.ramp,
        legend=legend_of(sides, look, of="layer" if through is None else through.part.kind),
        through=through,
        without=look.without,
        signs=look.signs,
        has_numbers=look.values,
        unit=look.unit,
        layers=_layers_of(sides[-1], look),
    )


def _layers_of(side: Side, look: Look) -> LayersOfText:
    limits = _limits(_beside(side), structs.replace(look, layer=None), len(side.relevance.layers))
    return LayersOfText(side, look.scale, look.without, look.ramp, look.unit, limits)


def _beside(side: Side) -> Relevance:
    """The texts that are on one scale: a decoder's and its source, but not a picture that it says something about."""
    return side.whole if side.whole.medium == "text" else side.relevance


@lru_cache(maxsize=4)  # another layer has the same
def _limits(relevance: Relevance, look: Look, layers: int) -> np.ndarray:
    places: list[int | None] = [None, *range(layers)]
    if look.scale == "layer":
        return np.array([colour_limit(relevance, place, look) for place in places])
    return np.full(len(places), colour_limit(relevance, None, look))
