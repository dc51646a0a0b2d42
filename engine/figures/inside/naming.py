"""What tokens and parts are called on a figure of the inside of blocks."""

from __future__ import annotations

from collections.abc import Sequence

from engine.figures.visible import shown
from engine.protocol.inside import WriterName
from engine.protocol.relevance import Relevance
from engine.protocol.values import Token

_LONGEST = 16  # characters


def token_names(relevance: Relevance, count: int, decoder: bool = False, pooled: int = 1) -> list[str]:
    """The names of `count` tokens, each with its place; of ranges where `pooled` are taken together."""
    tokens: Sequence[Token] = relevance.parts[-1 if decoder else 0].tokens
    if pooled > 1:
        return [f"{place * pooled} to {(place + 1) * pooled - 1}" for place in range(count)]
    if len(tokens) != count:
        return [f"patch {place}" if relevance.medium == "picture" else str(place) for place in range(count)]
    return [f"{_brief(token)} {place}" for place, token in enumerate(tokens)]


def titled(writer: WriterName) -> str:
    """What a writer is called among words."""
    return "MLP" if writer == "mlp" else writer


def _brief(token: Token) -> str:
    text = (shown(token) if not token.text or token.text.strip() else token.label).strip() or token.label
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
