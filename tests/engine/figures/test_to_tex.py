"""Nothing that a string contains is anything but text to TeX."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from engine.figures.latex import to_tex
from tests.engine.figures.hostile import hostile_text

ONE = re.compile(r'([A-Za-z0-9])|\\char"([0-9A-F]+)\\relax\{\}')


@given(st.text(st.characters()) | hostile_text)
def test_that_tex_gets_letters_digits_and_numbers_of_characters_only(text: str) -> None:
    written = to_tex(text)
    assert re.fullmatch(f"(?:{ONE.pattern})*", written)
    assert "".join(letter or chr(int(point, 16)) for letter, point in ONE.findall(written)) == text
