"""Relevance of a picture as the views show it: on its pixels, and layer by layer on the grid of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.looks import Scale
from engine.protocol.messages import Explained
from engine.protocol.rule_names import titled
from engine.protocol.values import Grid, Relevance, Seen
from engine.reading.colours import ROUNDING
from engine.reading.placing import picture_limit, placed
from inspector.state.view import View

NO_ORIGINAL = "Which part of the original the model saw is not known: its way to prepare pictures is no crop"
CLIPS = (100.0, 99.9, 99.0, 95.0)  # percentiles that are offered


@dataclass(frozen=True)
class Side:
    """One answer about a picture at one layer. Equal sides look the same."""

    answer: Explained  # compares by identity
    values: np.ndarray | None = field(compare=False)  # (height, width) or (row, column); None where it has no places
    title: str = field(compare=False)  # rule set and target

    @property
    def rules(self) -> str:
        """The rule set as the title names it."""
        return titled(self.answer.relevance.rules)


@dataclass(frozen=True)
class Picture:
    """A picture and its relevance at one layer. Equal pictures look the same, however they are laid over each other."""

    sides: tuple[Side, ...]  # the pinned answer, where there is one, then the one that answers the question
    layer: int | None
    limit: float  # of all sides
    colour_map: str
    legend: str
    original: bool  # relevance lies on the whole picture, where the model saw it
    seen: Seen = field(compare=False)
    grid: Grid | None = field(compare=False)  # the patches to draw lines between
    title: str = field(compare=False)
    note: str = field(compare=False)  # why there is nothing in colour; empty where there is

    @property
    def answer(self) -> Explained:
        return self.sides[-1].answer

    @property
    def rules(self) -> str:
        return self.sides[-1].rules

    @property
    def values(self) -> np.ndarray | None:
        return self.sides[-1].values

    @property
    def pinned(self) -> Explained | None:
        return self.sides[0].answer if len(self.sides) > 1 else None


@dataclass(frozen=True)
class Thumbnails:
    """The input, then every layer, as small heatmaps. Equal ones look the same."""

    answer: Explained
    scale: Scale
    clip: float
    colour_map: str
    maps: tuple[np.ndarray | None, ...] = field(compare=False)  # None of a layer without places on the picture
    extras: tuple[np.ndarray, ...] = field(compare=False)  # (token,) of each: class and register tokens
    limits: tuple[float, ...] = field(compare=False)
    labels: tuple[str, ...] = field(compare=False)


def picture_of(answer: Explained, view: View, place: str, legend: str, pinned: Explained | None) -> Picture | None:
    """What is on show of an answer about a picture, beside the `pinned` one; None of any other answer.

    `place` says where in the model relevance is looked at, `legend` what the colours span.
    """
    relevance = answer.relevance
    if relevance.seen is None:
        return None
    sides = tuple(_side(each, view.look.layer) for each in (pinned, answer) if each is not None)
    notes = [_note(side, view.look.layer) for side in sides]
    legend = legend if view.look.clip >= 100 else f"{legend}, {view.look.clip:g} % of values"
    return Picture(
        sides=sides,
        layer=view.look.layer,
        limit=picture_limit(
            [side.answer.relevance for side in sides], view.look.layer, view.look.scale, view.look.clip
        ),
        colour_map=view.look.colour_map,
        legend=f"{legend}, for both" if pinned else legend,
        original=is_on_original(relevance, view),
        seen=relevance.seen,
        grid=_patches(relevance, view.look.layer),
        title=f"Relevance · {place}" if pinned else f"Relevance · {place} · {sides[-1].title}",
        note=notes[-1] if all(notes) else "",
    )


def is_on_original(relevance: Relevance, view: View) -> bool:
    """Whether relevance is laid on the original: where that is wanted, and known."""
    return view.look.original and relevance.seen is not None and relevance.seen.whole is not None


def goes_beside(pinned: Explained, answer: Explained | None) -> bool:
    """Whether both answers are about the same picture, by the same model."""
    if answer is None:
        return False
    ours, theirs = ((each.question.source, each.question.input) for each in (pinned, answer))
    return ours == theirs


def thumbnails_of(answer: Explained, view: View) -> Thumbnails | None:
    """All layers of an answer about a picture; None of any other."""
    relevance = answer.relevance
    if relevance.seen is None:
        return None
    places = (None, *range(len(relevance.layers)))
    return Thumbnails(
        answer,
        view.look.scale,
        view.look.clip,
        view.look.colour_map,
        tuple(placed(relevance, place) for place in places),
        tuple(beside_at(relevance, place) for place in places),
        tuple(picture_limit([relevance], place, view.look.scale, view.look.clip) for place in places),
        tuple(_label(place, len(relevance.layers)) for place in places),
    )


def beside_at(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance (token,) of the tokens before a layer's patches, which are nowhere on the picture."""
    grid = None if layer is None else relevance.grids[layer]
    if layer is None or grid is None:
        return np.zeros(0, np.float32)
    before: np.ndarray = relevance.layers[layer][: grid.before]
    return before


def _side(answer: Explained, layer: int | None) -> Side:
    relevance = answer.relevance
    title, beside = f"{titled(relevance.rules)} · {relevance.target.label}", beside_at(relevance, layer)
    if len(beside):
        title = f"{title} · {_beside_in_words(beside)}"
    return Side(answer, placed(relevance, layer), title)


def _note(side: Side, layer: int | None) -> str:
    relevance, beside = side.answer.relevance, len(beside_at(side.answer.relevance, layer))
    if side.values is None or not beside or not np.abs(side.values).max() <= ROUNDING * abs(relevance.value):
        return ""
    tokens = "the class token, which has" if beside == 1 else f"{beside} tokens that have"
    return f"All relevance of this layer is at {tokens} no place on the picture."


def _patches(relevance: Relevance, layer: int | None) -> Grid | None:
    """The layer's grid; on the pixels that of the first layer that has one."""
    if layer is not None:
        return relevance.grids[layer]
    return next((grid for grid in relevance.grids if grid is not None), None)


def _label(layer: int | None, layers: int) -> str:
    if layer is None:
        return "Pixels"
    return f"Block {layer}" if layer < layers - 1 else "Output"


def _beside_in_words(beside: np.ndarray) -> str:
    amount = f"{beside.sum(dtype=np.float64):+.2f}".replace("-", "−")
    return f"class token {amount}" if len(beside) == 1 else f"{len(beside)} tokens beside the patches {amount}"
