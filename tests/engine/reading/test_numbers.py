import math

import numpy as np
import pytest

from engine.reading.numbers import LEAST_UNDER, extremes_of, fixed, number_under
from tests.engine.figures.made_relevance import relevance


@pytest.mark.parametrize(
    ("value", "written"),
    [(2.406, "2.41"), (-0.05, "−0.05"), (123.456, "123.46"), (0.0, ""), (0.0049, ""), (-0.0049, ""), (0.0051, "0.01")],
)
def test_that_a_number_has_two_digits_a_true_minus_and_is_never_zero(value: float, written: str):
    assert number_under(value) == written


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_that_nothing_stands_under_what_is_not_known(value: float):
    assert number_under(value) == ""


def test_that_what_is_smaller_than_the_least_has_no_number():
    assert number_under(LEAST_UNDER * 0.999) == "" != number_under(LEAST_UNDER * 1.001)


def test_that_a_column_has_true_signs_and_no_negative_zero():
    assert [fixed(value, 2, plus=True) for value in (1.5, -1.5, -0.001, 0.0)] == ["+1.50", "−1.50", "0.00", "0.00"]


def test_that_extremes_are_those_of_the_input_and_all_layers_by_unit():
    answer = relevance([" up", " 8", ",", "3"])
    answer = answer.with_part(input=np.array([9, -1, -1, -1], np.float32))
    low, high = extremes_of(answer, "token")
    np.testing.assert_array_equal(high, np.maximum(answer.layers.max(axis=0), answer.input))
    np.testing.assert_array_equal(low, np.minimum(answer.layers.min(axis=0), answer.input))
    of_words = np.vstack([answer.input, answer.layers]).astype(np.float64)[:, 1:].sum(axis=1)
    assert extremes_of(answer, "word")[:, 1].tolist() == [of_words.min(), of_words.max()]
