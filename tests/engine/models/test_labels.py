from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.labels import bytes_label, label


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("has", "has"),
        (" has", " has"),
        ("  ", "··"),
        ("\n", "↵"),
        (" \n\t", "·↵⇥"),
        ("\r\n", "␍↵"),
        ("a\nb", "a↵b"),
        ("\x00\x1b", "␀␛"),
        ("\x7f", "‹U+007F›"),
        ("\u200b", "‹U+200B›"),
        ("a\u202eb", "a‹U+202E›b"),
        ("\u3000", "·"),
        ("\u2028", "‹U+2028›"),
        ("\u0301", "◌\u0301"),
        ("e\u0301", "e\u0301"),
        ("\ud800", "‹U+D800›"),
        ("\u3164", "‹U+3164›"),
        ("漢😀", "漢😀"),
        ("", ""),
    ],
)
def test_that_a_label_shows_what_cannot_be_seen(text, shown):
    assert label(text) == shown


@given(st.text(st.characters(), min_size=1, max_size=20))
def test_that_a_label_is_one_printable_line(text):
    shown = label(text)
    assert shown
    assert shown.isprintable()
    assert not any(unicodedata.bidirectional(character) in {"RLO", "LRO", "RLE", "LRE", "PDF"} for character in shown)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [(b"\xf0\x9f", "‹F0 9F›"), (b" \xf0", "·‹F0›"), (b"a\x80b", "a‹80›b"), ("é".encode(), "é"), (b"", "")],
)
def test_that_bytes_that_are_no_text_are_shown_in_hexadecimal(raw, shown):
    assert bytes_label(raw) == shown
