"""What is left of a chat that has more tokens than its model takes: what a system says, and the newest messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from engine.protocol.inputs import Chat, Message
from engine.protocol.values import Token, joined


def droppable(chat: Chat) -> range:
    """The messages that go first: those before the user's last one, without what a system says."""
    first = 1 if chat.messages[0].role == "system" else 0
    users = [number for number, message in enumerate(chat.messages) if message.role == "user"]
    return range(first, max(first, users[-1] if users else len(chat.messages) - 1))


def without_oldest(chat: Chat, tokens: Sequence[Token], limit: int) -> Chat:
    """The chat without as many of its oldest messages as have to go, and without an answer to what is gone."""
    gone, left = droppable(chat), len(tokens)
    words = list(_words(chat, tokens))
    number = gone.start
    while number in gone and (left > limit or chat.messages[number].role != "user"):
        left -= words[number + 1].start - words[number].start
        number += 1
    return _from(chat, gone.start, number)


def without_beginning(chat: Chat, tokens: Sequence[Token], limit: int) -> Chat:
    """The chat without its beginning, what a system says aside: the oldest message that stays may lose a part too."""
    gone, left = droppable(chat), len(tokens)
    words = list(_words(chat, tokens))
    number = gone.start
    while number in gone and (left - limit >= len(words[number]) or chat.messages[number].role != "user"):
        left -= words[number + 1].start - words[number].start
        number += 1
    own = tokens[words[number].start : words[number].stop]
    return _from(chat, gone.start, number, _without(chat.messages[number], own, left - limit))


def _from(chat: Chat, first: int, number: int, begins_with: Message | None = None) -> Chat:
    """The system's messages, and those from `number` on."""
    later = chat.messages[number:] if begins_with is None else (begins_with, *chat.messages[number + 1 :])
    return structs.replace(chat, messages=(*chat.messages[:first], *later))


def _without(message: Message, tokens: Sequence[Token], over: int) -> Message:
    """The message without as many of its tokens at the beginning."""
    if over <= 0 or not tokens:
        return message
    start = tokens[0].start
    end = next((token.start for token in tokens[over:] if token.text), tokens[-1].end)
    return structs.replace(message, content=message.content.lstrip()[end - start :])


def _words(chat: Chat, tokens: Sequence[Token]) -> Iterator[range]:
    """The tokens of each message's words, in the chat as its template has it."""
    text, end, place = joined(tokens), 0, 0
    for message in chat.messages:
        content = message.content.strip()  # which templates do
        start = max(end, text.find(content, end))
        end = start + len(content)
        while place < len(tokens) and tokens[place].end <= start:
            place += 1
        first = place
        while place < len(tokens) and tokens[place].start < end:
            place += 1
        yield range(first, place)
