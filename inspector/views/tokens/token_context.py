"""A word of a prompt with what stands beside it, on one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.protocol.values import Token
from inspector.look.visible_text import visible
from inspector.views.tokens.token_runs import NEWLINE_MARK

_BEFORE, _AFTER = 10, 4  # characters, in whole tokens


def in_context(tokens: Sequence[Token], span: range) -> tuple[str, str, str]:
    """What stands before the tokens of `span`, what they say, and what follows, fit to be drawn.

    The space before a word is before it, as on its chip. What has no letters is shown by signs or by its label.
    """
    said = "".join(tokens[place].text for place in span)
    before = "".join(_beside((tokens[place] for place in range(span.start - 1, -1, -1)), _BEFORE)[::-1]).lstrip()
    after = "".join(_beside((tokens[place] for place in range(span.stop, len(tokens))), _AFTER))
    if not said or tokens[span.start].special:
        return visible(before), visible(tokens[span.start].label), visible(after)
    if not said.strip():
        signs = said.replace(" ", "·").replace("\n", NEWLINE_MARK).replace("\t", "→")
        return visible(before), visible(signs), visible(after)
    indent = len(said) - len(said.lstrip())
    text = said.strip().replace("\n", f"{NEWLINE_MARK} ")
    return visible(before + " " * bool(indent and before)), visible(text), visible(after)


def name_of(tokens: Sequence[Token], span: range) -> str:
    """What the tokens of `span` say, as a title has it."""
    if len(span) == 1:
        return visible(tokens[span.start].label)
    return in_context(tokens, span)[1]


def _beside(tokens: Iterable[Token], room: int) -> list[str]:
    """The texts of whole tokens within `room` characters, up to the end of the line."""
    found: list[str] = []
    for token in tokens:
        room -= len(token.text)
        if room < 0 or token.special or "\n" in token.text:
            break
        found.append(token.text)
    return found
