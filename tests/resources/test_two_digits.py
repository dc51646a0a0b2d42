"""The task of two digits, and that the bundled classifier of pictures knows it."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from engine.models.opening import Model, load_model
from engine.models.sight.seeing import see
from resources.models import train_vit
from resources.models.recall import Split
from resources.models.two_digits import BACKGROUND, LABELS, NOISE, SIDE, Picture, handwritten, pictures, rows_of

PICTURES = list(islice(pictures(seed=5), 300))


@pytest.fixture(scope="module")
def vit() -> Model:
    return load_model("bundled:vit", device="cpu")


def part(picture: Picture, number: int) -> np.ndarray:
    """The pixels in a digit's box."""
    left, top, right, bottom = picture.digits[number].box
    return picture.pixels[top:bottom, left:right]


def test_that_the_same_seed_gives_the_same_pictures_and_another_seed_others() -> None:
    again, others = (next(pictures(seed)) for seed in (5, 6))
    assert np.array_equal(again.pixels, PICTURES[0].pixels)
    assert again.digits == PICTURES[0].digits
    assert not np.array_equal(others.pixels, PICTURES[0].pixels)


def test_that_a_picture_shows_two_different_digits_in_grey() -> None:
    for picture in PICTURES:
        assert picture.pixels.shape == (SIDE, SIDE, 3)
        assert (picture.pixels == picture.pixels[:, :, :1]).all()
        assert picture.digits[0].label != picture.digits[1].label


def test_that_every_digit_is_shown_at_every_side() -> None:
    digits = [digit for picture in PICTURES for digit in picture.digits]
    middles = np.array([((d.box[0] + d.box[2]) / 2, (d.box[1] + d.box[3]) / 2) for d in digits])
    assert {str(digit.label) for digit in digits} == set(LABELS)
    assert (middles.min(0) < SIDE / 4).all()
    assert (middles.max(0) > SIDE * 3 / 4).all()


def test_that_a_box_holds_a_digit_of_the_size_of_one_and_no_part_of_the_other() -> None:
    for picture in PICTURES:
        (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = (digit.box for digit in picture.digits)
        assert right <= left_2 or right_2 <= left or bottom <= top_2 or bottom_2 <= top
        for number in range(2):
            assert 11 < max(part(picture, number).shape[:2]) < 35
            assert part(picture, number).max() > BACKGROUND[1] + 3 * NOISE


def test_that_the_digit_in_a_box_is_the_one_it_is_said_to_be() -> None:
    rows = rows_of(Split.TRAINING)
    images, labels = handwritten()
    known = np.array([fitted(images[row]) for row in rows])
    for number in range(2):
        shown = np.array([fitted(part(picture, number)[:, :, 0]) for picture in PICTURES])
        nearest = labels[rows[(shown @ known.T).argmax(1)]]
        assert np.mean(nearest == [picture.digits[number].label for picture in PICTURES]) > 0.8


def fitted(pixels: np.ndarray) -> np.ndarray:
    """A digit's pixels brought to one size, place and contrast (pixel,)."""
    inked = pixels > pixels.min() + 0.3 * np.ptp(pixels)
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    trimmed = Image.fromarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    grey = np.asarray(trimmed.resize((12, 12), Image.Resampling.BILINEAR), dtype=float).ravel()
    return (grey - grey.mean()) / np.linalg.norm(grey - grey.mean())


def test_that_no_held_out_digit_is_trained_on() -> None:
    held_out, trained = rows_of(Split.HELD_OUT), rows_of(Split.TRAINING)
    assert not set(held_out) & set(trained)
    assert len(held_out) + len(trained) == len(handwritten()[1])
    assert {digit.row for picture in PICTURES for digit in picture.digits} <= set(held_out)
    for picture in islice(pictures(5, Split.TRAINING), 300):
        assert {digit.row for digit in picture.digits} <= set(trained)


def test_that_the_classifier_has_a_class_for_each_digit(vit: Model) -> None:
    assert vit.info.labels == LABELS


def test_that_the_classifier_sees_the_pixels_it_was_trained_on(vit: Model) -> None:
    pixel_values, _ = see(vit, PICTURES[0].pixels)
    assert torch.allclose(pixel_values, train_vit.pixel_values(PICTURES[:1]), atol=1e-6)


@torch.no_grad()
def test_that_both_held_out_digits_are_found_and_share_the_probability(vit: Model) -> None:
    logits, wanted = vit.module(train_vit.pixel_values(PICTURES)), train_vit.shares(PICTURES)
    assert train_vit.are_likeliest(logits, wanted).all(-1).float().mean() >= 0.95
    assert logits.softmax(-1).topk(2).values.mean().item() == pytest.approx(0.5, abs=0.05)
