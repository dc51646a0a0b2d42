"""The task of the bundled image classifier: which two digits does a picture show?

Two different handwritten digits lie at random places among clutter: strokes and quarters of digits, all of them half as
large as a digit. Where each digit lies is known, and nothing else lies in its box.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from resources.models.recall import Split

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom lie outside."""

Grey = NDArray[np.uint8]  # (height, width)

LABELS = tuple("0123456789")
SIDE = 48
DIGIT_SIZES = (16, 21)  # pixels that the square around a handwritten digit is enlarged to
CLUTTER_SIZE = (7, 10)
CLUTTER = (3, 6)  # pieces
BRIGHTNESS = (140, 255)
BACKGROUND = (10, 50)
NOISE = 5.0
FAINT = 40  # what is darker than this, of 255, is not counted to a box
HELD_OUT_SHARE = 5  # one in so many handwritten digits


@dataclass(frozen=True)
class Digit:
    """A digit in a picture: which one, where, and the row of the data that it was written in."""

    label: int
    box: Box
    row: int


@dataclass(frozen=True)
class Picture:
    """uint8 `pixels` (height, width, 3), grey, and the two digits they show."""

    pixels: NDArray[np.uint8]
    digits: tuple[Digit, Digit]


def pictures(seed: int, split: Split = Split.HELD_OUT) -> Iterator[Picture]:
    """Endless pictures, the same for the same seed.

    One handwritten digit in five is held out: no part of it is in any training picture, and held-out pictures have no
    others.
    """
    rng = np.random.default_rng([seed, split is Split.TRAINING])
    rows = rows_of(split)
    while True:
        first, second = rng.choice(rows, 2)
        if handwritten()[1][first] != handwritten()[1][second]:
            yield _picture(rng, rows, (int(first), int(second)))


@cache
def handwritten() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Real handwritten digits (row, 8, 8) with ink from 0 to 16, and which each is (row,)."""
    with np.load(Path(__file__).parent / "digits" / "digits.npz") as data:
        return data["images"], data["labels"]


@cache
def rows_of(split: Split) -> NDArray[np.int64]:
    """The rows of the data that pictures of `split` are made of, the same whatever the seed."""
    shuffled = np.random.default_rng(0).permutation(len(handwritten()[1]))
    held_out = len(shuffled) // HELD_OUT_SHARE
    return np.sort(shuffled[:held_out] if split is Split.HELD_OUT else shuffled[held_out:])


def _picture(rng: np.random.Generator, rows: NDArray[np.int64], chosen: tuple[int, int]) -> Picture:
    images, labels = handwritten()
    sprites = [_written(rng, images[row], int(rng.integers(*DIGIT_SIZES))) for row in chosen]
    for _ in range(rng.integers(*CLUTTER)):
        size = int(rng.integers(*CLUTTER_SIZE))
        if rng.random() < 0.5:
            sprites.append(_stroke(rng, size))
        else:
            top, left = 4 * rng.integers(2, size=2)
            sprites.append(_written(rng, images[rng.choice(rows)][top : top + 4, left : left + 4], size))
    sprites = [_trimmed(sprite) for sprite in sprites]
    boxes = _places(rng, sprites)
    canvas = np.full((SIDE, SIDE), rng.uniform(*BACKGROUND))
    for sprite, (left, top, right, bottom) in zip(sprites, boxes, strict=True):
        ink = sprite * (rng.uniform(*BRIGHTNESS) / 255)
        under = canvas[top:bottom, left:right]
        np.maximum(under, ink, out=under)
    grey = np.clip(canvas + rng.normal(0, NOISE, canvas.shape), 0, 255).astype(np.uint8)
    first, second = (Digit(int(labels[row]), box, row) for row, box in zip(chosen, boxes, strict=False))
    return Picture(np.repeat(grey[:, :, None], 3, axis=2), (first, second))


def _written(rng: np.random.Generator, ink: Grey, size: int) -> Grey:
    """`ink` (0 to 16) enlarged to about `size` pixels, a little turned, slanted and stretched."""
    side, cells = size + size // 2, len(ink)
    padded = Image.fromarray(np.pad(ink * np.uint8(15), cells // 2))
    turn, slant, stretch = rng.normal(0, (0.12, 0.1, 0.08))
    cos, sin = np.cos(turn), np.sin(turn)
    to_source = np.array([[cos, -sin], [sin, cos]]) @ [[np.exp(stretch), slant], [0, np.exp(-stretch)]] * cells / size
    shift = cells - to_source @ [side / 2, side / 2]  # the middle stays in the middle
    (a, b), (d, e) = to_source
    return np.asarray(
        padded.transform(
            (side, side), Image.Transform.AFFINE, (a, b, shift[0], d, e, shift[1]), Image.Resampling.BICUBIC
        )
    )


def _stroke(rng: np.random.Generator, size: int) -> Grey:
    """A bent or straight line in a square of `size` pixels."""
    large = Image.new("L", (4 * size, 4 * size))
    draw = ImageDraw.Draw(large)
    width = int(rng.integers(6, 11))
    ends = [tuple(4 * size * rng.uniform(0.1, 0.9, 2)) for _ in range(3)]
    draw.line(ends[: rng.integers(2, 4)], fill=255, width=width, joint="curve")
    return np.asarray(large.resize((size, size), Image.Resampling.BOX))


def _trimmed(sprite: Grey) -> Grey:
    """`sprite` without the rows and columns around its ink."""
    inked = sprite >= FAINT
    if not inked.any():
        return sprite[:1, :1]
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    return sprite[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _places(rng: np.random.Generator, sprites: list[Grey]) -> list[Box]:
    """A box for each sprite, a pixel or more apart."""
    while True:
        taken = np.zeros((SIDE, SIDE), dtype=bool)
        boxes: list[Box] = []
        for height, width in (sprite.shape for sprite in sprites):
            for _ in range(20):
                top, left = int(rng.integers(1, SIDE - height)), int(rng.integers(1, SIDE - width))
                if not taken[top - 1 : top + height + 1, left - 1 : left + width + 1].any():
                    taken[top : top + height, left : left + width] = True
                    boxes.append((left, top, left + width, top + height))
                    break
            else:
                break
        if len(boxes) == len(sprites):
            return boxes
