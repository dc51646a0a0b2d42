"""Relevance finds the place of the digit that is asked for."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from engine.models.opening import load_model
from resources.models.two_digits import SIDE, Digit, Picture, pictures
from tests.resources.places import PATCH, TARGETS, Found, found, patches_of, per_patch, places_found

BOXES = ((3, 4, 15, 21), (30, 29, 42, 47))
PICTURE = Picture(np.zeros((SIDE, SIDE, 3), np.uint8), (Digit(1, BOXES[0], row=0), Digit(2, BOXES[1], row=1)))


def marked(*pixels: tuple[int, int, float]) -> np.ndarray:
    """A map that is nothing but at some pixels, each with its column, row and relevance."""
    relevance = np.zeros((SIDE, SIDE), np.float32)
    for column, row, value in pixels:
        relevance[row, column] = value
    return relevance


def test_that_a_map_that_follows_the_question_is_told_from_one_that_does_not() -> None:
    at_first, at_second = marked((3, 4, 3.0), (25, 40, 1.0), (24, 0, -9.0)), marked((41, 46, 1.0))
    right, deaf = found([(at_first, at_second)], [PICTURE]), found([(at_first, at_first)], [PICTURE])

    assert (right.inside, right.other, right.pixel, right.patch, right.follows) == ((0.75 + 1) / 2, 0, 1, 1, 1)
    assert (deaf.inside, deaf.other, deaf.pixel, deaf.patch, deaf.follows) == (0.375, 0.375, 0.5, 0.5, 0)


def test_that_a_patch_sums_its_pixels_and_belongs_to_a_box_that_it_shares_a_pixel_with() -> None:
    patches = per_patch(marked((8, 16, 2.0), (15, 23, 1.0), (16, 16, 5.0)))

    assert patches.shape == (SIDE // PATCH, SIDE // PATCH)
    assert patches[2, 1] == 3
    assert patches[2, 2] == 5
    assert patches_of((3, 4, 15, 21)) == (0, 0, 2, 3)
    assert patches_of((8, 16, 16, 24)) == (1, 2, 2, 3)


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Found]]:
    """What AttnLRP and input x gradient find, by what was explained."""
    model, shown = load_model("bundled:vit", device="cpu"), list(islice(pictures(seed=9), 60))
    return [places_found(model, rules, shown) for rules in ("attnlrp", "input-x-gradient")]


@pytest.mark.evidence
@pytest.mark.parametrize("target", TARGETS)
def test_that_attnlrp_finds_the_asked_digit_better_than_input_x_gradient(
    answers: list[dict[str, Found]], target: str
) -> None:
    attnlrp, baseline = (found_by[target] for found_by in answers)

    assert attnlrp.inside >= baseline.inside + 0.1
    assert attnlrp.pixel >= baseline.pixel + 0.15
    assert attnlrp.follows >= baseline.follows + 0.5
