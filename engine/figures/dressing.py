"""How the tokens of a text look on paper: what TeX and pages are both made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from engine.figures.boxes import Box
from engine.figures.page import inks_on
from engine.protocol.messages import Export
from engine.protocol.relevance import Relevance
from engine.reading.colours import colours, is_against, places_on
from engine.reading.limits import colour_limit, relevance_at
from engine.reading.numbers import number_under
from engine.reading.units import Units, units_of


class Dressed(NamedTuple):
    """Of each token: the colour it lies on and that of its text, uint8 (token, 3), and whether it has dots under it.

    The tokens of a unit look alike, and one number stands under them.
    """

    units: Units
    grounds: np.ndarray
    inks: np.ndarray
    against: np.ndarray  # bool (token,)
    numbers: tuple[str, ...]  # of each unit; empty where none is to be seen


DECODER_HEADING = "Said so far by the decoder"


def texts_in(relevance: Relevance) -> range:
    """The parts whose tokens are drawn: what was asked about, and what a decoder has said."""
    return range(sum(part.medium == "text" for part in relevance.parts))


def dressed(export: Export, part: int = 0) -> Dressed:
    """The tokens of a part of the answer as its look says."""
    relevance, look = export.relevance, export.look
    limit = colour_limit(relevance, look.layer, look)
    units = units_of(relevance.parts[part].tokens, look.unit)
    merged = units.merged(relevance_at(relevance, look.layer, part))
    values = units.spread(merged)
    grounds = colours(values, limit, look.ramp, look.ground)
    against = is_against(places_on(look.ramp, values, limit)) & look.signs
    numbers = tuple(number_under(value) if look.values else "" for value in merged.tolist())
    return Dressed(units, grounds, inks_on(grounds, look.ground), against, numbers)


class Number(NamedTuple):
    """A number, and the boxes under which it stands: from the first of its unit to the last before a line break."""

    text: str
    first: int
    last: int


def numbers_under(boxes: Sequence[Box], looks: Dressed) -> Iterator[Number]:
    """The numbers in reading order, one for each unit that has one."""
    of_box = [int(looks.units.of_token[box.token]) for box in boxes]
    for unit, among in groupby(range(len(boxes)), of_box.__getitem__):
        if text := looks.numbers[unit]:
            places = list(among)
            yield Number(text, places[0], next((at for at in places if boxes[at].ends_line), places[-1]))
