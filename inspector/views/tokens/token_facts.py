"""Facts about each token under one explanation, in words and as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.protocol.values import Token
from engine.reading.cells import cell
from engine.reading.units import Units
from inspector.look.numbers import grouped, percent, signed
from inspector.views.tokens.token_context import name_of

_UNEXPLAINED = "not explained yet"
_LITTLE = 1e-6  # of the largest value: shares of a smaller sum say nothing
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, eq=False)
class TokenFacts:
    """`values` is float (unit,), in logits; `share_of` is the target's value, where shares are wanted.

    Of tokens from `explained` on nothing is known yet. A position is that of a token; what is said of it is said of
    its unit.
    """

    tokens: Sequence[Token]
    units: Units
    values: np.ndarray
    share_of: float | None = None
    explained: float = math.inf

    @cached_property
    def by_size(self) -> np.ndarray:
        """The units from the largest relevance of either sign to the smallest, int (unit,)."""
        return np.argsort(-np.abs(np.nan_to_num(self.values)), kind="stable")

    @cached_property
    def _ranks(self) -> np.ndarray:
        ranks = np.empty(len(self.by_size), int)
        ranks[self.by_size] = np.arange(1, len(self.by_size) + 1)
        return ranks

    def beside_in_size(self, position: int, step: int) -> int:
        """The last token of what is `step` ranks below, going round at the ends; of -1 the first in rank."""
        rank = 0 if position < 0 else int(self._ranks[self.units.of_token[position]]) - 1 + step
        return self.units.range_of(int(self.by_size[rank % len(self.by_size)]))[-1]

    def title(self, position: int) -> str:
        return f"“{name_of(self.tokens, self._span(position))}”"

    def rows(self, position: int) -> list[tuple[str, str]]:
        """(name, value) pairs for people; rank 1 is the largest relevance of either sign."""
        unit, span = int(self.units.of_token[position]), self._span(position)
        value = float(self.values[unit])
        if span[-1] >= self.explained:
            return [("relevance", _UNEXPLAINED)]
        rows = [
            ("relevance", f"{signed(value)} logits"),
            ("rank by size", f"{grouped(int(self._ranks[unit]))} of {grouped(len(self.units))}"),
        ]
        if len(span) == 1:
            rows += [("position", grouped(position)), ("token id", str(self.tokens[position].id))]
        else:
            rows += [("positions", f"{grouped(span[0])} to {grouped(span[-1])}"), ("tokens", grouped(len(span)))]
        if self.tokens[position].generated:
            rows.append(("said by", "the model"))
        if self.share_of:
            rows.insert(1, ("share of target", percent(value / self.share_of)))
        return rows

    def rows_of(self, span: range) -> list[tuple[str, str]]:
        """(name, value) pairs of consecutive tokens together, which are whole units."""
        value = float(self.values[self._units_in(span)].sum(dtype=np.float64))
        if span[-1] >= self.explained:
            return [("sum of relevance", _UNEXPLAINED), ("tokens", grouped(len(span)))]
        rows = [("sum of relevance", f"{signed(value)} logits")]
        if self.share_of:
            rows.append(("share of target", percent(value / self.share_of)))
        total = float(self.values.sum(dtype=np.float64))
        if abs(total) > _LITTLE * float(np.abs(np.nan_to_num(self.values)).max(initial=0.0)):
            rows.append(("share of all", percent(value / total)))
        return [*rows, ("tokens", grouped(len(span))), ("positions", f"{grouped(span[0])} to {grouped(span[-1])}")]

    def title_of(self, span: range) -> str:
        """What consecutive tokens say."""
        return f"“{name_of(self.tokens, span)}”"

    def sentence_of(self, span: range) -> str:
        """The same in one line, for a screen reader."""
        return ", ".join(["selected", self.title_of(span), *(f"{name} {value}" for name, value in self.rows_of(span))])

    def sentence(self, position: int) -> str:
        """The same in one line, for a screen reader."""
        return ", ".join([self.title(position), *(f"{name} {value}" for name, value in self.rows(position))])

    def tsv(self, span: range | None = None) -> str:
        """A table of all, or of consecutive tokens, with a line of headings.

        Tabs and line breaks are escapes, and no text is a formula. What has several tokens has the position of the
        first, and the ids and labels of all.
        """
        lines = ["position\tid\ttoken\ttext\trelevance\tshare_of_target\trank_by_size"]
        units = slice(None) if span is None else self._units_in(span)
        values, ranks = self.values[units].tolist(), self._ranks[units].tolist()
        for each, value, rank in zip(self.units.ranges[units], values, ranks, strict=True):
            tokens = self.tokens[each.start : each.stop]
            share = repr(value / self.share_of) if self.share_of else ""
            ids = " ".join(str(token.id) for token in tokens)
            texts = ("".join(token.label for token in tokens), "".join(token.text for token in tokens))
            label, text = (cell(part.translate(_ESCAPES)) for part in texts)
            lines.append(f"{each.start}\t{ids}\t{label}\t{text}\t{value!r}\t{share}\t{rank}")
        return "\n".join(lines) + "\n"

    def _units_in(self, span: range) -> slice:
        return slice(int(self.units.of_token[span[0]]), int(self.units.of_token[span[-1]]) + 1)

    def _span(self, position: int) -> range:
        return self.units.range_of(int(self.units.of_token[position]))
