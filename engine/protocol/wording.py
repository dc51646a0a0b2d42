"""How the engine words what it counts."""

from __future__ import annotations


def in_tokens(count: int) -> str:
    """A number of tokens in words: "1 token", "8,192 tokens"."""
    return f"{count:,} token" if count == 1 else f"{count:,} tokens"
