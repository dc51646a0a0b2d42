"""Where colours end: the relevance, in logits, that gets the strongest of them."""

from __future__ import annotations

import numpy as np

from engine.protocol.looks import Look, Unit
from engine.protocol.relevance import Relevance
from engine.protocol.values import Matrix
from engine.reading.units import units_of

ROUNDING = 1e-6  # of the target: more than float32 leaves of a sum that is zero


def relevance_at(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance of every token at `layer`, float32 (token,); None is the input."""
    return relevance.input if layer is None else relevance.layers[layer]


def left_out(relevance: Relevance, unit: Unit = "token") -> tuple[int, ...]:
    """The tokens whose relevance says little beside their place, or the units that hold them: the first one, and the
    one whose continuation is explained. They hold most of it, and on their scale nothing else can be seen.
    """
    if relevance.medium != "text" or len(relevance.tokens) < 3:
        return ()
    position = relevance.target.position
    of_decoder = relevance.decoder is not None and relevance.model.predicts == "sequence to sequence"
    asked = () if of_decoder or not 0 < position < len(relevance.tokens) else (position,)
    units = units_of(relevance.tokens, unit)
    return tuple(dict.fromkeys(int(units.of_token[token]) for token in (0, *asked))) if len(units) > 2 else ()


def colour_limit(relevance: Relevance, layer: int | None, look: Look) -> float:
    """The relevance, in logits, at which the colours end on either side of zero. Never zero.

    Without the tokens that `left_out` names, where the look leaves them out and others have relevance. Where a layer
    has nothing but rounding noise the colours end at the target's value: its tokens have no colour.
    """
    if look.scale == "target":
        return _finite(relevance.value) or 1.0
    span = relevance_at(relevance, layer)[None] if look.scale == "layer" else relevance.layers
    if look.unit != "token" and relevance.medium == "text":
        span = units_of(relevance.tokens, look.unit).merged(span)
    noise = ROUNDING * _finite(relevance.value)
    for out in (left_out(relevance, look.unit), ()) if look.without else ((),):
        kept = np.delete(span, out, axis=-1) if out else span
        largest = float(np.abs(kept[np.isfinite(kept)]).max(initial=0.0))
        if largest > noise:
            return largest
    return _finite(relevance.value) or 1.0


def row_limits(matrix: Matrix, look: Look) -> np.ndarray:
    """Where the colours of each generated token's row end, in logits (generated token,). None is zero.

    What is left out is each row's first token and the token before the generated one.
    """
    rows = np.nan_to_num(np.abs(matrix.rows))
    if look.scale == "target":
        largest = np.nan_to_num(np.abs(matrix.values))
    else:
        kept = rows.copy()
        if look.without:
            kept[:, 0] = 0
            kept[np.arange(len(rows)), np.arange(len(rows)) + matrix.start - 1] = 0
        largest = np.where(kept.any(axis=1), kept.max(axis=1), rows.max(axis=1))
    if look.scale == "global":
        largest = np.full(len(rows), largest.max())
    return np.where(largest > 0, largest, 1.0)


def _finite(value: float) -> float:
    return abs(value) if np.isfinite(value) else 0.0
