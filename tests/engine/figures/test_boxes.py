"""Tokens become boxes, and the boxes are the tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.figures.boxes import boxes
from engine.figures.fonts import FontChoice, Run, base_font
from engine.figures.visible import Mark, visible
from tests.engine.figures.hostile import hostile_text
from tests.engine.figures.made_relevance import relevance

FONTS = FontChoice(base_font(), ())


@given(st.lists(hostile_text.filter(bool), min_size=1, max_size=6))
def test_that_the_boxes_of_a_token_hold_all_of_it(texts: list[str]) -> None:
    drawn = ["" for _ in texts]
    for box in boxes(relevance(texts).tokens, FONTS):
        drawn[box.token] += " " * box.gap + "".join(map(_text, box.units))
    assert drawn == ["".join(_text(unit) for unit in FONTS.runs(visible(text))) for text in texts]


def test_that_the_prompt_breaks_its_own_lines() -> None:
    made = list(boxes(relevance(["a", "\n\n", "b\nc"]).tokens, FONTS))
    assert [box.token for box in made] == [0, 1, 1, 2, 2]
    assert [box.ends_line for box in made] == [False, True, True, True, False]


def test_that_indentation_stays_and_the_space_between_words_may_vanish() -> None:
    made = list(boxes(relevance(["  if", " x", ":", "\n", "   y", "  "]).tokens, FONTS))
    assert [box.gap for box in made] == [0, 1, 0, 0, 0, 0]


def test_that_a_line_is_broken_between_words() -> None:
    made = list(boxes(relevance(["8", ",", "320", " m", "中", "文", " ", "a"]).tokens, FONTS))
    assert [box.after_word for box in made] == [True, False, False, True, True, True, True, True]


def test_that_a_long_token_is_cut_to_fit_a_line() -> None:
    made = list(boxes(relevance(["=" * 100]).tokens, FONTS))
    assert len(made) == 4 and {box.token for box in made} == {0}


def test_that_a_control_character_before_a_word_is_drawn() -> None:
    (_, box) = boxes(relevance(["a", "\x00 b"]).tokens, FONTS)
    assert box.gap == 0 and box.units[0] == Mark("code", 0)


def _text(unit: Run | Mark) -> str:
    return unit.text if isinstance(unit, Run) else chr(unit.point)
