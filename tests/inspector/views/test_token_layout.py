import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont

from inspector.views.tokens.strip_fonts import StripFonts
from inspector.views.tokens.token_layout import TokenLayout, WidthCache, lay_out
from inspector.views.tokens.token_runs import runs_of
from tests.inspector.views.prompt_tokens import tokens_of

pytestmark = pytest.mark.usefixtures("qapp")


def _laid_out(*texts: str, width: float = 300) -> TokenLayout:
    font = QFont()
    font.setPointSizeF(11)
    return lay_out(runs_of(tokens_of(*texts)), WidthCache(StripFonts(font, font, font)), width)


def _row_of(layout: TokenLayout, token: int) -> list[int]:
    return [int(layout.span_row[span]) for span in layout.spans_of(token)]


def test_that_boxes_of_a_row_follow_each_other_and_end_within_the_width():
    layout = _laid_out(*[" word"] * 40)
    assert layout.rows > 2
    for row in range(layout.rows):
        spans = slice(layout.row_span[row], layout.row_span[row + 1])
        assert (layout.span_left[spans][1:] >= layout.span_right[spans][:-1]).all()
        assert layout.span_left[spans][0] == 0
        assert layout.span_right[spans][-1] <= 300


def test_that_a_word_of_several_tokens_moves_to_the_next_row_as_one():
    layout = _laid_out("a" * 20, " Ever", "est" * 6, width=260)
    assert [_row_of(layout, token) for token in range(3)] == [[0], [1], [1]]


def test_that_a_word_wider_than_a_row_breaks_between_its_tokens():
    layout = _laid_out(*["abcdefgh"] * 12, width=200)
    assert layout.rows > 1
    assert all(len(_row_of(layout, token)) == 1 for token in range(12))


def test_that_a_token_wider_than_a_row_goes_over_several():
    layout = _laid_out("x" * 200, " end", width=200)
    assert _row_of(layout, 0) == list(range(layout.rows))
    assert (
        "".join(text for text, token in zip(layout.runs.texts, layout.runs.tokens, strict=True) if not token)
        == "x" * 200
    )
    assert (layout.span_right <= 200).all()


def test_that_cutting_a_long_token_keeps_characters_of_two_code_units_whole():
    layout = _laid_out("🏔" * 80, width=200)
    assert "".join(layout.runs.texts) == "🏔" * 80
    assert layout.rows > 3


def test_that_newlines_make_rows_also_empty_ones():
    layout = _laid_out("a", "\n\n", "b", "\n")
    assert [_row_of(layout, token) for token in range(4)] == [[0], [0, 1], [2], [2]]


def test_that_a_right_to_left_paragraph_leans_on_the_right_edge():
    layout = _laid_out("שלום", " עולם", "\n", "left")
    first, second, newline, left = (layout.rect(layout.spans_of(token)[0]) for token in range(4))
    assert first.right() > second.right() > newline.right()
    assert 295 <= first.right() <= 300
    assert left.left() == 0


def test_that_the_token_under_a_point_is_the_one_whose_box_is_there():
    layout = _laid_out("<s>", "Mount", " Ever", "est", "\n", " 8", "שלום", *[" more"] * 60)
    for span in range(len(layout.span_token)):
        assert layout.token_at(layout.rect(span).center()) == layout.span_token[span]
    assert layout.token_at(QPointF(299, layout.rect(layout.spans_of(4)[0]).center().y())) == -1
    assert layout.token_at(QPointF(5, layout.height + 5)) == layout.token_at(QPointF(5, -5)) == -1


def test_that_only_rows_in_an_area_are_asked_for():
    layout = _laid_out(*[" word"] * 400)
    rows = layout.rows_between(layout.row_height * 3 + 1, layout.row_height * 5 + 1)
    assert rows == range(3, 6)
    assert not layout.rows_between(layout.height + 100, layout.height + 200)


def test_that_every_token_has_a_box_at_any_width():
    texts = ["<s>", "Mount", " Everest" * 9, "\n", "日本語", "", "\t", "   ", "سلام"]
    for width in (60, 61, 200, 2000):
        layout = _laid_out(*texts, width=width)
        assert np.unique(layout.span_token).tolist() == list(range(len(texts)))
        assert (layout.span_right > layout.span_left).all()
