"""What is said of four photographs in one picture."""

from __future__ import annotations

import numpy as np

from tests.resources.quarters import CLASSES, ORDERS, Found, found, four_in_one, mean


def test_that_each_photograph_is_in_each_quarter_once() -> None:
    assert all({order[quarter] for order in ORDERS} == set(CLASSES) for quarter in range(4))
    first, second = four_in_one(ORDERS[0]), four_in_one(ORDERS[1])
    assert first.shape == (256, 256, 3)
    assert np.array_equal(first[:128, 128:], second[:128, :128])
    assert np.array_equal(first[128:, :128], second[:128, 128:])


def test_that_shares_are_of_positive_relevance() -> None:
    relevance = np.zeros((8, 6))
    relevance[1, 4], relevance[7, 0], relevance[0, 0] = 3, 1, -9
    assert found(relevance, 1) == Found(0.75, 1)
    assert found(relevance, 2) == Found(0.25, 0)
    assert mean([found(relevance, 1), found(relevance, 2)]) == Found(0.5, 0.5)
