"""What is said of a head: its relevance, and the token at which it gave most of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.protocol.values import Token
from inspector.look.numbers import percent, signed
from inspector.views.tokens.token_context import in_context

Place = tuple[int, int]  # block, head
_LITTLE = 1e-6  # of what a head gave its strongest token: shares of a smaller sum say nothing


@dataclass(frozen=True, eq=False)
class HeadFacts:
    """`relevance`, float (block, head), in logits, NaN where there is no such head; `gave`, (block, head, token)."""

    relevance: np.ndarray
    gave: np.ndarray
    tokens: Sequence[Token]

    @property
    def blocks(self) -> int:
        return int(self.relevance.shape[0])

    @property
    def heads(self) -> int:
        """Of the block that has most."""
        return int(self.relevance.shape[1])

    def has(self, block: int, head: int) -> bool:
        """Whether there is such a head."""
        return 0 <= block < self.blocks and 0 <= head < self.heads and not np.isnan(self.relevance[block, head])

    def strongest(self, block: int, head: int) -> int:
        """The token that it gave most, of either sign."""
        return int(np.abs(np.nan_to_num(self.gave[block, head])).argmax())

    def share(self, block: int, head: int) -> str:
        """The share of the head's relevance that it gave that token."""
        most, total = float(self.gave[block, head, self.strongest(block, head)]), float(self.relevance[block, head])
        return percent(most / total) if abs(total) > _LITTLE * abs(most) else "–"

    def title(self, block: int, head: int) -> str:
        return f"head {block}.{head}"

    def value(self, block: int, head: int) -> str:
        return f"{signed(float(self.relevance[block, head]))} logits"

    def place(self, block: int, head: int) -> str:
        """The token that it gave most, with its neighbours, and the share of the head's relevance."""
        token = self.strongest(block, head)
        before, said, after = in_context(self.tokens, range(token, token + 1))
        return f"{self.share(block, head)} of it at “{said}” in “{(before + said + after).strip()}”"
