"""A table of texts and numbers on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.figures.fonts import FontChoice
from engine.figures.page import GREY, Item, Rectangle, line_of_text, units_width
from engine.figures.visible import visible

SIZE, LINE = 11.0, 17.0
_BETWEEN = 18.0
_WIDEST = 230.0


@dataclass(frozen=True)
class Column:
    """A column: its title, a text for each row, and whether these end at its right edge."""

    title: str
    texts: Sequence[str]
    is_number: bool = False


def listing(columns: Sequence[Column], left: float, top: float, fonts: FontChoice) -> Iterator[Item]:
    """The table from `top` down, each column as wide as its texts, the longest of which are cut."""
    x, bottom = left, top + LINE * (1 + max((len(column.texts) for column in columns), default=0))
    for column in columns:
        texts = [_cut(text, fonts) for text in (column.title, *column.texts)]
        width = max(_width(text, fonts) for text in texts)
        for place, text in enumerate(texts):
            at = x + width if column.is_number else x
            colour = GREY if place == 0 else (0, 0, 0)
            baseline = top + LINE * (place + 1) - 5
            yield from line_of_text(text, at, baseline, SIZE, fonts, colour, anchor=1 if column.is_number else 0)
        x += width + _BETWEEN
    yield Rectangle(left, top + LINE, x - _BETWEEN - left, 0.5, GREY)
    yield Rectangle(left, bottom + 2, x - _BETWEEN - left, 0.5, GREY)


def listing_height(rows: int) -> float:
    """How high a table of so many rows is."""
    return LINE * (rows + 1) + 6


def _width(text: str, fonts: FontChoice) -> float:
    return units_width(fonts.runs(visible(text)), SIZE, fonts)


def _cut(text: str, fonts: FontChoice) -> str:
    if _width(text, fonts) <= _WIDEST:
        return text
    while text and _width(text + "…", fonts) > _WIDEST:
        text = text[:-1]
    return text + "…"
