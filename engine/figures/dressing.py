"""How the tokens of a text look on paper: what TeX and pages are both made from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.protocol.messages import Export
from engine.protocol.relevance import Relevance
from engine.reading.colours import colours, inks, is_against, places_on
from engine.reading.limits import colour_limit, relevance_at
from engine.reading.units import Units, units_of


class Dressed(NamedTuple):
    """Of each token: the colour it lies on and that of its text, uint8 (token, 3), and whether it has dots under it.

    The tokens of a unit look alike.
    """

    units: Units
    grounds: np.ndarray
    inks: np.ndarray
    against: np.ndarray  # bool (token,)


DECODER_HEADING = "Said so far by the decoder"


def texts_in(relevance: Relevance) -> range:
    """The parts whose tokens are drawn: what was asked about, and what a decoder has said."""
    return range(sum(part.medium == "text" for part in relevance.parts))


def dressed(export: Export, part: int = 0) -> Dressed:
    """The tokens of a part of the answer as its look says."""
    relevance, look = export.relevance, export.look
    limit = colour_limit(relevance, look.layer, look)
    units = units_of(relevance.parts[part].tokens, look.unit)
    values = units.spread(units.merged(relevance_at(relevance, look.layer, part)))
    grounds = colours(values, limit, look.ramp, look.ground)
    against = is_against(places_on(look.ramp, values, limit)) & look.signs
    return Dressed(units, grounds, inks(grounds, look.ground), against)
