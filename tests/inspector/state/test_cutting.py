"""A prompt is cut at a token, to what the model takes."""

from __future__ import annotations

import pytest

from engine.protocol.values import Token
from inspector.state.cutting import beyond, cut


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
    assert beyond(WORDS, 3) == (11, 12)
    assert beyond([BEGIN, *WORDS, END], 4) == (7, 12)
