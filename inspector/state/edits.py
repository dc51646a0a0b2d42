"""What an edit of an input leaves as it was."""

from __future__ import annotations

from engine.protocol.inputs import Chat, ForDecoder, Input, words_of


def untouched(before: Input, after: Input, text: str) -> int:
    """How many characters of `text` are the same after the edit, from its beginning on.

    `text` is what the answer to `before` counts its tokens in: the prompt, a chat in its template, a decoder's text.
    """
    match before, after:
        case ForDecoder(), ForDecoder():
            return _common(before.decoder_text, after.decoder_text)
        case Chat(), Chat():
            return _untouched_of_chat(before, after, text)
        case _:
            return _common(words_of(before), words_of(after))


def _untouched_of_chat(before: Chat, after: Chat, text: str) -> int:
    """Up to the first message that differs, in `text`, where each stands behind the one before it."""
    end = 0
    for number, message in enumerate(before.messages):
        content = message.content.strip()  # which templates do
        start = text.find(content, end)
        if start < 0:
            return end
        other = after.messages[number] if number < len(after.messages) else None
        if other is None or other.role != message.role:
            return end
        if other.content != message.content:
            return start + _common(content, other.content.strip())
        end = start + len(content)
    return end if len(after.messages) > len(before.messages) else len(text)


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
