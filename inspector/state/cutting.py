"""Where a prompt is cut that has more tokens than its model takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from engine.protocol.values import Token

Kept = Literal["end", "beginning"]


def cut(prompt: str, tokens: Sequence[Token], limit: int, kept: Kept) -> str:
    """The end or the beginning of `prompt`, with no more tokens than `limit`; between characters, never within one."""
    start, end = _kept(tokens, limit, kept)
    return prompt[start:end]


def beyond(tokens: Sequence[Token], limit: int) -> tuple[int, int]:
    """The characters that the model would not take if it began with the first."""
    _, end = _kept(tokens, limit, "beginning")
    return end, max(token.end for token in tokens)


def _kept(tokens: Sequence[Token], limit: int, kept: Kept) -> tuple[int, int]:
    """The span of the characters that are kept. Special tokens that were added to the prompt take room as well."""
    own = [token for token in tokens if token.text or not token.special]  # a character's later pieces have no text
    room = max(0, limit - (len(tokens) - len(own)))
    last = max(token.end for token in tokens)
    if len(own) <= room:
        return 0, last
    if kept == "end":
        starts = [token.start for token in own[len(own) - room :] if token.text]
        return (starts[0] if starts else last), last
    while room and not own[room].text:
        room -= 1
    return 0, own[room].start
