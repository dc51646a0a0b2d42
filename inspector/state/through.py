"""What is on show of a part of the model in place of a layer: its relevance token by token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from msgspec import structs

from engine.protocol.messages import Explain, Explained, Request
from engine.protocol.relevance import Relevance
from inspector.state.model_part import Find, HeadPart, HeadWay, ModelPart
from inspector.state.sides import Side


@dataclass(frozen=True)
class Through:
    """A part with the relevance of each side that goes through it. Equal ones look the same.

    `relevances` have the part's relevance by token as their input and as their only layer; NaN of a side of which it
    is not known. `total` is all that the part holds, in logits, of the last side.
    """

    part: ModelPart
    way: HeadWay  # what tokens show of a head
    known: tuple[bool, ...]  # of each side
    total: float = field(compare=False)
    relevances: tuple[Relevance, ...] = field(compare=False)

    @property
    def on_show(self) -> float:
        """The sum of the last side's tokens, in logits."""
        return float(np.nansum(self.relevances[-1].input, dtype=np.float64))


def through_of(part: ModelPart, sides: tuple[Side, ...], find: Find, way: HeadWay = "gave") -> Through | None:
    """A part on the tokens of a text; None as long as it is not known of the last side.

    What a head gave stands for what it took as long as that is not known, or where it cannot be.
    """
    gave = [_difference(list(_gave(part, side, find))) for side in sides]
    if gave[-1] is None:
        return None
    way = way_in(way, sides[-1].answer)
    took = [_difference(list(_took(part, side, find, way))) for side in sides]
    values = gave if took[-1] is None else took
    relevances = tuple(_of_part(side.relevance, value) for side, value in zip(sides, values, strict=True))
    total = float(np.nansum(gave[-1], dtype=np.float64))
    known = tuple(value is not None for value in values)
    return Through(part, "gave" if took[-1] is None else way, known, total, relevances)


def lacking(part: ModelPart, sides: tuple[Side, ...], find: Find, way: HeadWay = "gave") -> Request | None:
    """The first request that has to be answered for the part to be known of all sides; None where it is."""
    for side in reversed(sides):
        for question in _questions(side):
            if not part.is_known(question, find):
                return part.request(question)
            if isinstance(part, HeadPart) and way != "gave" and find(part.request_taken(question)) is None:
                return part.request_taken(question)
    return None


def way_in(way: HeadWay, answer: Explained) -> HeadWay:
    """What tokens show of a head in an answer, where `way` is wanted: a whole input is asked about at no token."""
    return "all" if way == "asked" and asked_query(answer) is None else way


def asked_query(answer: Explained) -> int | None:
    """The token of the text at which the target is; None where it is of the whole, or of a decoder's text."""
    relevance = answer.relevance
    of_decoder = relevance.decoder is not None and relevance.model.predicts == "sequence to sequence"
    position = relevance.target.position
    is_token = relevance.model.predicts != "classes" and not of_decoder and 0 <= position < len(relevance.tokens)
    return position if is_token else None


def _questions(side: Side) -> Iterator[Explain]:
    return (answer.question for answer in _answers(side))


def _answers(side: Side) -> Iterator[Explained]:
    yield side.answer
    if side.minus is not None:
        yield side.minus


def _gave(part: ModelPart, side: Side, find: Find) -> Iterator[np.ndarray | None]:
    return (part.tokens(question, find) for question in _questions(side))


def _took(part: ModelPart, side: Side, find: Find, way: HeadWay) -> Iterator[np.ndarray | None]:
    for answer in _answers(side):
        if isinstance(part, HeadPart) and way != "gave":
            yield part.taken(answer.question, find, asked_query(answer) if way == "asked" else None)
        else:
            yield None


def _difference(found: list[np.ndarray | None]) -> np.ndarray | None:
    """The first less the second, where there is one."""
    first, *others = found
    if first is None or any(other is None or other.shape != first.shape for other in others):
        return None
    difference: np.ndarray = first - others[0] if others else first
    return difference


def _of_part(relevance: Relevance, values: np.ndarray | None) -> Relevance:
    if values is None:
        values = np.full(len(relevance.tokens), np.nan, np.float32)
    return structs.replace(relevance.with_part(input=values, layers=values[None]), ledger=None)
