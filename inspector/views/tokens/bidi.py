"""The order of tokens in a row with scripts from right to left (after UAX #9, tokens as its units)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")

_LEFT, _RIGHT, _NUMBER, _JOINS_NUMBERS, _NEUTRAL = range(5)


def runs_right_to_left(text: str) -> bool:
    """True where some character of `text` belongs to a script written from right to left."""
    return _RIGHT_TO_LEFT.search(text) is not None


def embedding_levels(texts: Sequence[str]) -> tuple[int, np.ndarray]:
    """The paragraph's own level (1: right to left) and the level of each of its texts, uint8 (text,)."""
    kinds = [_kind(text) for text in texts]
    base = next((kind for kind in kinds if kind in (_LEFT, _RIGHT)), _LEFT)
    kinds = _numbers_with_their_separators(kinds)
    levels = np.zeros(len(texts), np.uint8)
    strong = base
    for index, kind in enumerate(kinds):
        if kind == _NEUTRAL:
            following = next((k for k in kinds[index:] if k != _NEUTRAL), base)
            kind = strong if _side(following, strong) == strong else base
        elif kind != _NUMBER:
            strong = kind
        levels[index] = _level(kind, strong, base)
    return int(base == _RIGHT), levels


def visual_order(levels: np.ndarray) -> np.ndarray:
    """The indices of a row's tokens from left to right (UAX #9, L2), int (token,)."""
    order = np.arange(len(levels))
    highest = int(levels.max(initial=0))
    for level in range(highest, 0, -1):
        high = np.concatenate(([False], levels[order] >= level, [False]))
        edges = np.flatnonzero(high[1:] != high[:-1])
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            order[start:end] = order[start:end][::-1]
    return order


def _kind(text: str) -> int:
    classes = [unicodedata.bidirectional(character) for character in text]
    for found in classes:
        if found == "L":
            return _LEFT
        if found in ("R", "AL"):
            return _RIGHT
    if any(found in ("EN", "AN") for found in classes):
        return _NUMBER
    return _JOINS_NUMBERS if len(text) == 1 and classes[0] in ("CS", "ES") else _NEUTRAL


def _numbers_with_their_separators(kinds: list[int]) -> list[int]:
    """The comma of "8,320" goes with its digits, any other is neutral."""
    between = [_NEUTRAL, *kinds, _NEUTRAL]
    return [
        kind if kind != _JOINS_NUMBERS else (_NUMBER if between[place] == between[place + 2] == _NUMBER else _NEUTRAL)
        for place, kind in enumerate(kinds)
    ]


def _side(kind: int, strong: int) -> int:
    """The direction a neutral sees in its neighbour: numbers count as right to left among such letters."""
    return strong if kind == _NUMBER else kind


def _level(kind: int, strong: int, base: int) -> int:
    if kind == _RIGHT:
        return 1
    if kind == _NUMBER and strong == _RIGHT:
        return 2
    return 2 if base == _RIGHT else 0
