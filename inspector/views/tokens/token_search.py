"""Finds text in a prompt, also across the borders of its tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from engine.protocol.values import Token


def matches(tokens: Sequence[Token], wanted: str) -> list[range]:
    """The tokens that each occurrence of `wanted` touches, in reading order; upper and lower case are the same.

    Special tokens are found by their label.
    """
    if not wanted:
        return []
    texts = [token.label if token.special else token.text for token in tokens]
    ends = np.cumsum([len(text) for text in texts])
    found = []
    for match in re.finditer(re.escape(wanted), "".join(texts), re.IGNORECASE):
        first = int(np.searchsorted(ends, match.start(), side="right"))
        last = int(np.searchsorted(ends, match.end(), side="left"))
        found.append(range(first, last + 1))
    return found
