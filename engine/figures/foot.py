"""The foot of a picture: the colours with their numbers, and a caption."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.figures.fonts import FontChoice
from engine.figures.page import Cells, Item, line_of_text
from engine.figures.wording import Words
from engine.protocol.looks import Ground, Ramp
from engine.reading.colours import colours

FOOT_HEIGHT = 92.0  # with three lines of caption

_WIDTH, _HEIGHT, _STEPS = 240.0, 10.0, 128  # of the colour bar
_SIZE, _LINE = 11.0, 16.0  # of the text, and from line to line


def foot_height(words: Words) -> float:
    """How much room the foot needs with as many lines of caption as there are."""
    return FOOT_HEIGHT + _LINE * (len(words.caption) - 3)


def foot(words: Words, ramp: Ramp, ground: Ground, fonts: FontChoice, left: float, top: float) -> Iterator[Item]:
    """The legend and the caption, from `top` down."""
    steps = colours(np.linspace(-1, 1, _STEPS), 1, ramp, ground)
    yield Cells(left, top, _WIDTH, _HEIGHT, steps[None])
    yield from line_of_text(words.scale, left + _WIDTH + 10, top + _HEIGHT - 1, _SIZE, fonts)
    baseline = top + _HEIGHT + 12
    for anchor, number in zip((0, 0.5, 1), words.ends, strict=True):
        yield from line_of_text(number, left + anchor * _WIDTH, baseline, _SIZE, fonts, anchor=anchor)
    baseline += 6
    for line in words.caption:
        baseline += _LINE
        yield from line_of_text(line, left, baseline, _SIZE, fonts)
