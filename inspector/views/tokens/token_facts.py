"""Facts about each token under one explanation, in words and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.protocol.values import Token
from engine.reading.cells import cell
from inspector.look.numbers import grouped, percent, signed
from inspector.look.visible_text import visible

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, eq=False)
class TokenFacts:
    """`values` is float (token,), in logits; `share_of` is the target's value, where shares are wanted."""

    tokens: Sequence[Token]
    values: np.ndarray
    share_of: float | None = None

    @cached_property
    def by_size(self) -> np.ndarray:
        """The positions from the largest relevance of either sign to the smallest, int (token,)."""
        return np.argsort(-np.abs(np.nan_to_num(self.values)), kind="stable")

    @cached_property
    def _ranks(self) -> np.ndarray:
        ranks = np.empty(len(self.by_size), int)
        ranks[self.by_size] = np.arange(1, len(self.by_size) + 1)
        return ranks

    def beside_in_size(self, position: int, step: int) -> int:
        """The position `step` ranks below the one at `position`, going round at the ends; of -1 the first in rank."""
        rank = 0 if position < 0 else int(self._ranks[position]) - 1 + step
        return int(self.by_size[rank % len(self.by_size)])

    def title(self, position: int) -> str:
        return f"“{visible(self.tokens[position].label)}”"

    def rows(self, position: int) -> list[tuple[str, str]]:
        """(name, value) pairs for people; rank 1 is the largest relevance of either sign."""
        value = float(self.values[position])
        rows = [
            ("relevance", f"{signed(value)} logits"),
            ("rank by size", f"{grouped(int(self._ranks[position]))} of {grouped(len(self.tokens))}"),
            ("position", grouped(position)),
            ("token id", str(self.tokens[position].id)),
        ]
        if self.tokens[position].generated:
            rows.append(("said by", "the model"))
        if self.share_of:
            rows.insert(1, ("share of target", percent(value / self.share_of)))
        return rows

    def sentence(self, position: int) -> str:
        """The same in one line, for a screen reader."""
        return ", ".join([self.title(position), *(f"{name} {value}" for name, value in self.rows(position))])

    def tsv(self) -> str:
        """A table of all tokens with a line of headings; tabs and line breaks are escapes, and no text is a formula."""
        lines = ["position\tid\ttoken\ttext\trelevance\tshare_of_target\trank_by_size"]
        for position, (token, value, rank) in enumerate(
            zip(self.tokens, self.values.tolist(), self._ranks.tolist(), strict=True)
        ):
            share = repr(value / self.share_of) if self.share_of else ""
            label, text = (cell(part.translate(_ESCAPES)) for part in (token.label, token.text))
            lines.append(f"{position}\t{token.id}\t{label}\t{text}\t{value!r}\t{share}\t{rank}")
        return "\n".join(lines) + "\n"
