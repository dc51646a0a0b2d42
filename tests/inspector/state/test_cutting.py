"""A prompt is cut at a token, to what the model takes."""

from __future__ import annotations

import pytest
from msgspec import structs

from engine.protocol.inputs import Chat, ForDecoder, Message, Pair, Text
from engine.protocol.messages import Tokenized
from engine.protocol.values import Continuation, Token
from inspector.state.cutting import beyond, cut, shortened


def tokens_of(*texts: str, start: int = 0) -> list[Token]:
    tokens = []
    for text in texts:
        tokens.append(Token(7, text, start, start + len(text), text or "‹›"))
        start += len(text)
    return tokens


BEGIN, END = Token(1, "", 0, 0, "<s>", special=True), Token(2, "", 12, 12, "</s>", special=True)
WORDS = tokens_of("one", " two", " six", "!")  # 12 characters
PROMPT = "one two six!"
MOUNTAIN = tokens_of("a", "🏔", "", "", "b")  # a character in three pieces


@pytest.mark.parametrize(
    ("limit", "end", "beginning"), [(4, PROMPT, PROMPT), (3, " two six!", "one two six"), (1, "!", "one"), (0, "", "")]
)
def test_that_as_many_tokens_are_kept_as_the_model_takes(limit: int, end: str, beginning: str) -> None:
    assert cut(PROMPT, WORDS, limit, "end") == end
    assert cut(PROMPT, WORDS, limit, "beginning") == beginning


def test_that_added_special_tokens_take_room_too() -> None:
    whole = [BEGIN, *WORDS, END]
    assert cut(PROMPT, whole, 4, "end") == " six!"
    assert cut(PROMPT, whole, 4, "beginning") == "one two"
    assert cut(PROMPT, whole, 2, "end") == cut(PROMPT, whole, 1, "beginning") == ""


@pytest.mark.parametrize(
    ("limit", "end", "beginning"), [(5, "a🏔b", "a🏔b"), (4, "🏔b", "a🏔"), (3, "b", "a"), (2, "b", "a")]
)
def test_that_no_character_is_cut_in_pieces(limit: int, end: str, beginning: str) -> None:
    assert cut("a🏔b", MOUNTAIN, limit, "end") == end
    assert cut("a🏔b", MOUNTAIN, limit, "beginning") == beginning


def test_that_what_lies_beyond_is_the_rest_of_the_beginning() -> None:
    assert beyond(Text(PROMPT), Tokenized(tuple(WORDS)), 3) == (0, 11, 12)
    assert beyond(Text(PROMPT), Tokenized((BEGIN, *WORDS, END)), 4) == (0, 7, 12)


PAIR = Pair("a b c", "d e")
OF_PAIR = Tokenized((BEGIN, *tokens_of("a", " b", " c"), END, *tokens_of("d", " e", start=6), END))


@pytest.mark.parametrize(
    ("limit", "left"),
    [(8, PAIR), (7, Pair("a b", "d e")), (6, Pair("a b", "d")), (5, Pair("a", "d")), (3, Pair("", ""))],
)
def test_that_the_longer_of_two_texts_is_cut_and_both_where_it_would_become_the_shorter(limit: int, left: Pair) -> None:
    assert shortened(PAIR, OF_PAIR, limit, "all but the longer's end") == left


def test_that_the_other_text_is_cut_where_it_is_the_longer() -> None:
    turned = Tokenized((BEGIN, *tokens_of("d", " e"), END, *tokens_of("a", " b", " c", start=4), END))
    assert shortened(Pair("d e", "a b c"), turned, 7, "all but the longer's end") == Pair("d e", "a b")
    assert beyond(Pair("d e", "a b c"), turned, 7) == (1, 3, 5)
    assert beyond(PAIR, OF_PAIR, 7) == (0, 3, 5)


def test_that_of_an_encoder_decoders_texts_the_one_that_is_too_long_is_cut() -> None:
    short, long = tuple(tokens_of("one")), (BEGIN, *WORDS)
    source, said = ForDecoder(PROMPT, "one", None, Continuation(0, (7,))), ForDecoder("one", PROMPT)
    assert shortened(source, Tokenized(long, short), 4, "end") == ForDecoder(" two six!", "one")
    assert shortened(said, Tokenized(short, long), 4, "beginning") == ForDecoder("one", "one two six")
    assert beyond(source, Tokenized(long, short), 4)[0] == 0
    assert beyond(said, Tokenized(short, long), 4)[0] == 1


def chat_of(*contents: str, system: str = "Be brief.") -> tuple[Chat, Tokenized]:
    """The user's messages and the assistant's in turn, in a template that puts two tokens before each."""
    said = [Message("system", system)] if system else []
    said += [Message(("user", "assistant")[at % 2], content) for at, content in enumerate(contents)]
    tokens, place = [], 0
    for message in said:
        for text in ("<", ">\n", *(f"{word} " for word in message.content.split())):
            tokens.append(Token(7, text, place, place + len(text), text, special=text == "<"))
            place += len(text)
    return Chat(tuple(said)), Tokenized(tuple(tokens))


CHAT, OF_CHAT = chat_of("one two", "three four", "five six", "seven", "eight nine ten")


def left_of(chat: Chat) -> list[str]:
    return [message.content for message in chat.messages]


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (24, ["one two", "three four", "five six", "seven", "eight nine ten"]),
        (23, ["five six", "seven", "eight nine ten"]),  # an answer to what is gone would be none
        (15, ["eight nine ten"]),
        (2, ["eight nine ten"]),  # what is asked stays
    ],
)
def test_that_the_oldest_messages_go_and_what_a_system_says_stays(limit: int, left: list[str]) -> None:
    assert left_of(shortened(CHAT, OF_CHAT, limit, "newest")) == ["Be brief.", *left]


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (23, ["two", "three four", "five six", "seven", "eight nine ten"]),
        (16, ["five six", "seven", "eight nine ten"]),
        (15, ["six", "seven", "eight nine ten"]),
        (8, ["nine ten"]),
    ],
)
def test_that_the_oldest_message_that_stays_loses_its_beginning(limit: int, left: list[str]) -> None:
    assert [content.strip() for content in left_of(shortened(CHAT, OF_CHAT, limit, "end"))] == ["Be brief.", *left]


def test_that_what_the_assistant_said_stays_known_by_its_ids() -> None:
    chat, found = chat_of("one two", "three", "four", "five", system="")
    said = structs.replace(chat, continuation=Continuation(0, (7,)))
    assert shortened(said, found, 8, "newest") == Chat(chat.messages[2:], Continuation(0, (7,)))
