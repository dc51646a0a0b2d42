"""Where colours end: the relevance, in logits, that gets the strongest of them."""

from __future__ import annotations

import numpy as np

from engine.protocol.looks import Look, Unit
from engine.protocol.relevance import Relevance
from engine.protocol.values import Matrix
from engine.reading.units import units_of

ROUNDING = 1e-6  # of the target: more than float32 leaves of a sum that is zero


def relevance_at(relevance: Relevance, layer: int | None, part: int = 0) -> np.ndarray:
    """The relevance of every token of a part at `layer`, float32 (token,); None is the input.

    Of a decoder with fewer layers than the encoder it is that at its last.
    """
    of = relevance.parts[part]
    return of.input if layer is None else of.layers[min(layer, len(of.layers) - 1)]


def left_out(relevance: Relevance, unit: Unit = "token", part: int = 0) -> tuple[int, ...]:
    """The tokens of a part whose relevance says little beside their place, or the units that hold them: the first one,
    and the one whose continuation is explained. They hold most of it, and on their scale nothing else can be seen.
    """
    tokens = relevance.parts[part].tokens
    units = units_of(tokens, unit)
    if not tokens or (part == 0 and (relevance.medium != "text" or len(tokens) < 3 or len(units) < 3)):
        return ()
    position = relevance.target.position if part == relevance.answered_part else 0
    asked = (position,) if 0 < position < len(tokens) else ()
    return tuple(dict.fromkeys(int(units.of_token[token]) for token in (0, *asked)))


def colour_limit(relevance: Relevance, layer: int | None, look: Look) -> float:
    """The relevance, in logits, at which the colours end on either side of zero, of a text and of a decoder's alike.
    Never zero.

    Without the tokens that `left_out` names, where the look leaves them out and others have relevance. Where a layer
    has nothing but rounding noise the colours end at the target's value: its tokens have no colour.
    """
    if look.scale == "target":
        return _finite(relevance.value) or 1.0
    noise = ROUNDING * _finite(relevance.value)
    parts = range(len(relevance.parts) if relevance.medium == "text" else 1)
    for without in (True, False) if look.without else (False,):
        largest = max(_largest(relevance, layer, look, part, without) for part in parts)
        if largest > noise:
            return largest
    return _finite(relevance.value) or 1.0


def _largest(relevance: Relevance, layer: int | None, look: Look, part: int, without: bool) -> float:
    """The largest relevance of a part, of either sign."""
    of = relevance.parts[part]
    span = relevance_at(relevance, layer, part)[None] if look.scale == "layer" else of.layers
    if look.unit != "token" and of.medium == "text":
        span = units_of(of.tokens, look.unit).merged(span)
    out = left_out(relevance, look.unit, part) if without else ()
    kept = np.delete(span, out, axis=-1) if out else span
    return float(np.abs(kept[np.isfinite(kept)]).max(initial=0.0))


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
