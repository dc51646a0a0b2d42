"""The neurons of a site that have most relevance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from engine.attribution.inside.sites import Laid
from engine.protocol.inside import Neuron


@dataclass(frozen=True, eq=False)
class Leading:
    """A neuron of a site, with its relevance and where it is largest: the activation, the token."""

    laid: Laid
    place: int  # in the site
    relevance: float
    activation: float
    position: int
    tokens: np.ndarray  # relevance, float32 (token,)

    @property
    def index(self) -> int:
        """Its number in the block."""
        return self.laid.parts.start + self.place

    def named(self, block: int, raises: tuple[str, ...], lowers: tuple[str, ...], reads: tuple[str, ...]) -> Neuron:
        """With its block, and the words in its weights."""
        at = (self.relevance, self.activation, self.position, self.tokens)
        return Neuron(block, self.index, *at, raises, lowers, reads)


def leading(laid: Laid, relevance: Tensor, k: int, position: int | None, least: float = 0.0) -> list[Leading]:
    """The `k` neurons of a site with most `relevance`, of its form, by magnitude, over all tokens or at one; of those
    with more than `least`.
    """
    everywhere, values = laid.arranged(relevance), laid.arranged(laid.result.detach())
    rows = everywhere if position is None else everywhere * (laid.token == position)[:, None]
    sums = rows.new_zeros(laid.experts, laid.width).index_add(0, laid.expert, rows).flatten()
    found = []
    for place in sums.abs().topk(min(k, len(sums))).indices.tolist():
        expert, column = divmod(place, laid.width)
        own = (laid.expert == expert).nonzero()[:, 0]
        if len(own) and abs(float(sums[place])) > least:
            row = int(own[rows[own, column].abs().argmax()])
            value, token = float(values[row, column]), int(laid.token[row])
            tokens = laid.by_token((everywhere[:, column] * (laid.expert == expert))[None])[0].cpu().numpy()
            found.append(Leading(laid, place, float(sums[place]), value, token, tokens.astype(np.float32)))
    return found
