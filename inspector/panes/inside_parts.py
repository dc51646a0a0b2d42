"""Neurons, and the places of their relevance, as the tables of parts show them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.protocol.inside import Neuron
from engine.protocol.relevance import Relevance
from engine.protocol.values import Grid
from engine.reading.limits import left_out
from inspector.state.sides import ShownPart
from inspector.state.text import ShownText
from inspector.views.inside.neuron_rows import NeuronRow
from inspector.views.tokens.token_context import in_context


def neuron_rows(neurons: Iterable[Neuron], relevance: Relevance) -> list[NeuronRow]:
    """A row for each neuron."""
    return [
        NeuronRow(
            each.block,
            each.index,
            each.relevance,
            each.activation,
            each.position,
            float(each.tokens[each.position]),
            place_of(each.position, each.block, relevance),
            each.raises,
            each.lowers,
            each.reads,
        )
        for each in neurons
    ]


def place_of(position: int, block: int, relevance: Relevance) -> tuple[str, str, str]:
    """A token among its neighbours; of a picture the patch by its row and column, counted from 0."""
    if relevance.tokens:
        known = position < len(relevance.tokens)
        return in_context(relevance.tokens, range(position, position + 1)) if known else ("", f"{position}", "")
    grid = relevance.grids[block] if block < len(relevance.grids) else None
    return "", _patch(position, grid), ""


def said_of(held: str, part: ShownPart) -> str:
    """What neurons hold, and of a picture that they are not shown on it."""
    return held if isinstance(part, ShownText) else f"{held} · not shown on the picture"


def strip_limit(values: np.ndarray, part: ShownPart) -> float:
    """Where the colours of a strip end: at its largest value, beside those that a text's colours leave out."""
    sizes = np.abs(np.nan_to_num(values))
    if isinstance(part, ShownText) and part.without and len(sizes) == len(part.tokens):
        kept = np.delete(sizes, left_out(part.relevance))
        if kept.any():
            return float(kept.max())
    return float(sizes.max(initial=0.0)) or 1.0


def _patch(position: int, grid: Grid | None) -> str:
    if grid is None or position >= grid.before + grid.rows * grid.columns:
        return f"place {position}"
    if position < grid.before:
        return "class token" if position == 0 else f"token {position} beside the patches"
    row, column = divmod(position - grid.before, grid.columns)
    return f"patch {row}, {column}"
