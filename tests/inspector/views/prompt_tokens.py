"""Prompts cut into tokens, for the tests of the views."""

from __future__ import annotations

from engine.protocol.values import Token


def tokens_of(*texts: str) -> list[Token]:
    """One token for each text; a text in <...> is a special token, an empty one a later piece of a character."""
    tokens, at = [], 0
    for index, text in enumerate(texts):
        special = text.startswith("<") and text.endswith(">")
        shown = "" if special else text
        label = text or "<0x9F>"
        tokens.append(Token(index + 10, shown, at, at + len(shown), label.replace("\n", "\\n"), special))
        at += len(shown)
    return tokens
