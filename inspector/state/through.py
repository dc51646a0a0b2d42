"""What is on show of a part of the model in place of a layer: its relevance token by token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from msgspec import structs

from engine.protocol.messages import Explain, Request
from engine.protocol.relevance import Relevance
from inspector.state.model_part import Find, ModelPart
from inspector.state.sides import Side


@dataclass(frozen=True)
class Through:
    """A part with the relevance of each side that goes through it. Equal ones look the same.

    `relevances` have the part's relevance by token as their input and as their only layer; NaN of a side of which it
    is not known.
    """

    part: ModelPart
    known: tuple[bool, ...]  # of each side
    relevances: tuple[Relevance, ...] = field(compare=False)

    @property
    def total(self) -> float:
        """The part's relevance summed over tokens, in logits, of the last side."""
        return float(np.nansum(self.relevances[-1].input, dtype=np.float64))


def through_of(part: ModelPart, sides: tuple[Side, ...], find: Find) -> Through | None:
    """A part on the tokens of a text; None as long as it is not known of the last side."""
    values = [_values(part, side, find) for side in sides]
    if values[-1] is None:
        return None
    relevances = tuple(_of_part(side.relevance, value) for side, value in zip(sides, values, strict=True))
    return Through(part, tuple(value is not None for value in values), relevances)


def lacking(part: ModelPart, sides: tuple[Side, ...], find: Find) -> Request | None:
    """The first request that has to be answered for the part to be known of all sides; None where it is."""
    questions = (question for side in reversed(sides) for question in _questions(side))
    return next((part.request(question) for question in questions if not part.is_known(question, find)), None)


def _questions(side: Side) -> Iterator[Explain]:
    yield side.answer.question
    if side.minus is not None:
        yield side.minus.question


def _values(part: ModelPart, side: Side, find: Find) -> np.ndarray | None:
    found = [part.tokens(question, find) for question in _questions(side)]
    first, *others = found
    if first is None or any(other is None or other.shape != first.shape for other in others):
        return None
    return first if not others else first - others[0]


def _of_part(relevance: Relevance, values: np.ndarray | None) -> Relevance:
    if values is None:
        values = np.full(len(relevance.tokens), np.nan, np.float32)
    return structs.replace(relevance.with_part(input=values, layers=values[None]), ledger=None)
