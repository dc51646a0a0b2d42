"""Text from prompts and vocabularies made fit to be drawn, which takes long of texts that nobody reads."""

from __future__ import annotations

from engine.protocol import visible_text
from inspector.look.numbers import grouped

LONGEST = 1000  # characters of a text that are drawn; more than any real tokenizer's longest token has


def visible(text: str) -> str:
    """`text` on one line with every character that cannot be seen replaced by a sign or its code; spaces stay.

    Of a text that nobody reads, and that takes long to draw, the middle is left out.
    """
    return visible_text.visible(shortened(text))


def shortened(text: str) -> str:
    """`text`, or its beginning and its end with the number of characters between them."""
    left_out = len(text) - LONGEST
    half = LONGEST // 2
    return f"{text[:half]} … {grouped(left_out)} more … {text[-half:]}" if left_out > 0 else text
