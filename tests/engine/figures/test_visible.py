"""Every string can be seen, and nothing in it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.figures.visible import Mark, is_emoji, shown, visible
from engine.protocol.values import Token
from tests.engine.figures.hostile import hostile_text


@given(st.text() | hostile_text)
def test_that_every_character_is_in_a_cluster_or_is_a_mark(text: str) -> None:
    units = visible(text)
    rebuilt = "".join(chr(unit.point) if isinstance(unit, Mark) else unit for unit in units)
    without_stands = rebuilt.replace("\u00a0", "")  # what an accent without its letter stands on
    spaces = str.maketrans(
        dict.fromkeys("\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f", " ")
    )
    assert without_stands == text.replace("\u00a0", " ").translate(spaces)


@given(st.text() | hostile_text)
def test_that_no_character_without_a_picture_is_left_as_text(text: str) -> None:
    clusters = "".join(unit for unit in visible(text) if isinstance(unit, str))
    assert not set(clusters) & set("\n\r\t\x00\x1b\u202e\u2066\u200b\ufeff\u2028\u3164\ud800\udfff")
    clusters.encode("utf-8")


@pytest.mark.parametrize(
    "cluster", ["e\u0301", "👨\u200d👩\u200d👧", "🇩🇪", "1\ufe0f\u20e3", "👍🏽", "❤\ufe0f", "क\u094d"]
)
def test_that_what_combines_stays_together(cluster: str) -> None:
    assert visible(cluster + "x") == (cluster, "x")


def test_that_a_joiner_is_hidden_only_between_letters_that_join() -> None:
    assert visible("a\u200db") == ("a", Mark("code", 0x200D), "b")
    assert visible("क\u200dष") == ("क\u200d", "ष")


def test_that_characters_hidden_after_a_letter_are_shown() -> None:
    assert visible("a\ufe00\ufe01\ufe02") == ("a\ufe00", Mark("code", 0xFE01), Mark("code", 0xFE02))
    assert visible("a\U000e0041") == ("a", Mark("code", 0xE0041))


def test_that_an_accent_without_a_letter_stands_on_a_blank() -> None:
    assert visible("\u0301x") == ("\u00a0\u0301", "x")


def test_that_a_heap_of_accents_does_not_reach_the_lines_around() -> None:
    assert max(len(unit) for unit in visible("o" + "\u0301" * 50) if isinstance(unit, str)) <= 4


def test_that_a_mark_says_its_code_point() -> None:
    assert Mark("code", 0x202E).code == "U+202E"
    assert Mark("code", 7).code == "U+0007"


def test_that_an_emoji_asked_for_as_text_is_a_letter() -> None:
    assert is_emoji("❤\ufe0f")
    assert not is_emoji("❤\ufe0e")
    assert not is_emoji("e")


def test_that_a_token_without_text_is_shown_by_its_label() -> None:
    assert shown(Token(1, "", 0, 0, "<s>", True)) == "<s>"
    assert shown(Token(1, " a", 0, 2, "a")) == " a"
