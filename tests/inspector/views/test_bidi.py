import numpy as np
import pytest

from inspector.views.tokens.bidi import embedding_levels, visual_order


def _shown(*texts: str) -> list[str]:
    _, levels = embedding_levels(texts)
    return [texts[index] for index in visual_order(levels)]


def test_that_left_to_right_tokens_keep_their_order():
    assert _shown("a", " b", " 1") == ["a", " b", " 1"]


def test_that_a_hebrew_row_is_read_from_the_right():
    assert _shown("שלום", " ", "עולם") == ["עולם", " ", "שלום"]


def test_that_a_number_in_a_hebrew_row_keeps_its_digits_and_commas_in_order():
    assert _shown("גובה", " ", "8", ",", "320", " ", "מטר") == ["מטר", " ", "8", ",", "320", " ", "גובה"]


def test_that_latin_words_in_a_hebrew_row_stay_in_order_among_themselves():
    assert _shown("על", " ", "Mount", " Everest", " ", "היום") == ["היום", " ", "Mount", " Everest", " ", "על"]


def test_that_hebrew_in_an_english_row_is_turned_by_itself():
    assert _shown("says", " ", "שלום", " ", "עולם", " loudly") == ["says", " ", "עולם", " ", "שלום", " loudly"]


@pytest.mark.parametrize("levels", [[], [0], [1], [1, 2, 2, 1], [0, 1, 2, 1, 0]])
def test_that_every_token_has_exactly_one_place(levels):
    assert sorted(visual_order(np.array(levels, np.uint8)).tolist()) == list(range(len(levels)))
