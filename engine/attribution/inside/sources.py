"""Matrices of tokens by tokens: made as asked for, pooled where the prompt is long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.attribution.inside.heads import Ways
from engine.protocol.failures import ModelError

MOST_ACROSS = 2048  # tokens that have a row and a column of their own
_AT_ONCE = 256  # queries computed together


class Sources(np.ndarray):
    """Relevance that a head took, float32 (query token, key token), in logits.

    `value`, `query` and `key` are its ways, matrices of the same shape, or None where no relevance goes that way;
    `kept`, float32 (query token,), is what the softmax keeps: what of `taken`, the whole row, goes no way. In prompts
    of more than 2,048 tokens a cell has `pooled` tokens a side and holds the largest of its pairs by magnitude; `kept`
    and `taken` are still of every token.
    """

    value: np.ndarray
    query: np.ndarray | None
    key: np.ndarray | None
    taken: np.ndarray
    kept: np.ndarray
    pooled: int


def sources_of(ways: Callable[[slice], Ways], tokens: int, row: int | None) -> Sources:
    """The matrix of all queries, or of the one in `row`."""
    tables: dict[str, list[np.ndarray]] = {}
    taken, kept = [], []
    side = _side(tokens) if row is None else 1
    for some in _slices(tokens, side, row):
        found = ways(some)
        sums = found.taken.sum(-1)
        left = [way.sum(-1) for way in (found.value, found.query, found.key) if way is not None]
        taken.append(_array(sums))
        kept.append(_array(sums - torch.stack(left).sum(0)))
        for name in ("taken", "value", "query", "key"):
            way = getattr(found, name)
            if way is not None:
                tables.setdefault(name, []).append(_pooled(way, side))
    whole = {name: np.concatenate(parts) for name, parts in tables.items()}
    sources = whole["taken"].view(Sources)
    sources.value, sources.query, sources.key = whole["value"], whole.get("query"), whole.get("key")
    sources.taken, sources.kept, sources.pooled = np.concatenate(taken), np.concatenate(kept), side
    return sources


def matrix_of(rows: Callable[[slice], Tensor], tokens: int, row: int | None) -> np.ndarray:
    """The matrix of all rows, pooled where there are many, or of the one in `row`."""
    side = _side(tokens) if row is None else 1
    return np.concatenate([_pooled(rows(some), side) for some in _slices(tokens, side, row)])


def _side(tokens: int) -> int:
    return -(-tokens // MOST_ACROSS)


def _slices(tokens: int, side: int, row: int | None) -> list[slice]:
    if row is not None:
        if not -tokens <= row < tokens:
            raise ModelError(f"There is no query {row}: the queries are 0 to {tokens - 1}.")
        return [slice(row % tokens, row % tokens + 1)]
    step = max(_AT_ONCE // side, 1) * side
    return [slice(first, min(first + step, tokens)) for first in range(0, tokens, step)]


def _pooled(cells: Tensor, side: int) -> np.ndarray:
    """Blocks of `side` by `side` cells, each as its largest by magnitude."""
    if side > 1:
        rows, columns = (-(-size // side) for size in cells.shape)
        whole = cells.new_zeros(rows * side, columns * side)
        whole[: cells.shape[0], : cells.shape[1]] = cells
        blocks = whole.view(rows, side, columns, side).transpose(1, 2).flatten(2)
        cells = blocks.gather(2, blocks.abs().argmax(2, keepdim=True))[..., 0]
    return _array(cells)


def _array(x: Tensor) -> np.ndarray:
    array: np.ndarray = x.cpu().numpy().astype(np.float32)
    return array
