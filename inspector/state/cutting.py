"""Where an input is cut that has more tokens than its model takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import structs

from engine.protocol.inputs import Chat, ForDecoder, Pair, Text, Texts
from engine.protocol.messages import Tokenized
from engine.protocol.values import Token
from inspector.state.chat_cutting import without_beginning, without_oldest

Side = Literal["end", "beginning"]  # that is kept
Kept = Side | Literal["newest", "all but the longer's end"]


def shortened(input: Texts, found: Tokenized, limit: int, kept: Kept) -> Texts:
    """The input with no more tokens than `limit`, as `found` has split it; a chat may still have more."""
    match input:
        case Text(text):
            return Text(cut(text, found.tokens, limit, _side(kept)))
        case ForDecoder() if len(found.tokens) > limit:
            return structs.replace(input, text=cut(input.text, found.tokens, limit, _side(kept)), continuation=None)
        case ForDecoder():
            said = cut(input.decoder_text, found.decoder, limit, _side(kept))
            return structs.replace(input, decoder_text=said, continuation=None)
        case Pair(text, context):
            first, second = _ends_of_pair(input, found.tokens, limit)
            return Pair(text[:first], context[:second])
        case Chat() if kept == "newest":
            return without_oldest(input, found.tokens, limit)
        case Chat():
            return without_beginning(input, found.tokens, limit)


def beyond(input: Texts, found: Tokenized, limit: int) -> tuple[int, int, int]:
    """Which of the texts is too long, and its characters that the model would not take if it began with the first."""
    match input:
        case Pair(text, context):
            first, second = _ends_of_pair(input, found.tokens, limit)
            return (0, first, len(text)) if first < len(text) else (1, second, len(context))
        case ForDecoder() if len(found.tokens) <= limit:
            return 1, *_beyond(found.decoder, limit)
        case _:
            return 0, *_beyond(found.tokens, limit)


def cut(text: str, tokens: Sequence[Token], limit: int, kept: Side) -> str:
    """The end or the beginning of `text`, with no more tokens than `limit`; between characters, never within one."""
    start, end = _kept(tokens, limit, kept)
    return text[start:end]


def _side(kept: Kept) -> Side:
    return "beginning" if kept == "beginning" else "end"


def _beyond(tokens: Sequence[Token], limit: int) -> tuple[int, int]:
    _, end = _kept(tokens, limit, "beginning")
    return end, max(token.end for token in tokens)


def _kept(tokens: Sequence[Token], limit: int, kept: Side) -> tuple[int, int]:
    """The span of the characters that are kept. Special tokens that were added to the text take room as well."""
    own = _own(tokens)
    room = max(0, limit - (len(tokens) - len(own)))
    last = max(token.end for token in tokens)
    if len(own) <= room:
        return 0, last
    if kept == "end":
        starts = [token.start for token in own[len(own) - room :] if token.text]
        return (starts[0] if starts else last), last
    return 0, _end_of(own, room, last)


def _ends_of_pair(pair: Pair, tokens: Sequence[Token], limit: int) -> tuple[int, int]:
    """Where each of two texts ends once the longer one is cut, and both where it would become the shorter."""
    own, shift = _own(tokens), len(pair.text) + 1  # the second stands on a line of its own
    first = [token for token in own if token.start < shift]
    second = own[len(first) :]
    room = max(0, limit - (len(tokens) - len(own)))
    shorter = min(len(first), len(second), room // 2)
    counts = [min(len(each), room - min(shorter, len(other))) for each, other in ((first, second), (second, first))]
    if len(first) > shorter and len(second) > shorter:
        counts = [room - shorter, shorter]
    return (
        _end_of(first, counts[0], len(pair.text)),
        _end_of(second, counts[1], shift + len(pair.context)) - shift,
    )


def _own(tokens: Sequence[Token]) -> list[Token]:
    """The tokens that are made from the text; a character's later pieces have none of their own."""
    return [token for token in tokens if token.text or not token.special]


def _end_of(own: Sequence[Token], count: int, end: int) -> int:
    """The character where the first `count` tokens end, or those before them: no character is cut in pieces."""
    if count >= len(own):
        return end
    while count and not own[count].text:
        count -= 1
    return own[count].start
