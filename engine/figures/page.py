"""A picture as a list of things to draw, so that pixels and PDF show the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import ImageFont, features

from engine.figures.fonts import Font, FontChoice, Run
from engine.figures.visible import Mark, visible
from engine.protocol.looks import Ground
from engine.reading.colours import GROUNDS, INKS, inks, rgb_of

Colour = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
GREY: Colour = (96, 96, 96)
_HAIRLINE: Colour = (190, 190, 190)
_GREY_ON_DARK: Colour = (161, 169, 183)
_HAIRLINE_ON_DARK: Colour = (67, 74, 87)

_BITMAP_SIZES = (109, 136, 160, 128, 96, 72, 64, 48, 40, 32, 20)  # the sizes emoji are made in
_MEASURED_AT = 64  # pixels: large enough for widths without rounding
GREYS: dict[Ground, Colour] = {"light": GREY, "dark": _GREY_ON_DARK}
_SIGNS = {"newline": "↵", "tab": "⇥"}
_CODE_SIZE = 0.62  # of the text around


@dataclass(frozen=True)
class Rectangle:
    """A filled rectangle; lengths are in units of 1/96 inch, y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True)
class Text:
    """One run of text; `upwards` turns it a quarter to the left about its origin, the left end of the baseline."""

    x: float
    baseline: float
    run: Run
    size: float
    colour: Colour = BLACK
    upwards: bool = False


@dataclass(frozen=True, eq=False)
class Cells:
    """A grid of coloured cells, uint8 (row, column, 3), the first row at the top."""

    x: float
    y: float
    width: float
    height: float
    colours: np.ndarray


@dataclass(frozen=True)
class Line:
    """A straight line from one point to another."""

    x: float
    y: float
    to_x: float
    to_y: float
    width: float
    colour: Colour


Item = Rectangle | Text | Cells | Line


@dataclass(frozen=True)
class Page:
    """Items to draw, in order, on paper of this size."""

    width: float
    height: float
    items: tuple[Item, ...]


def on_ground(page: Page, ground: Ground) -> Page:
    """The page on this ground: what is black or grey on paper has the inks of the ground, colours stay."""
    if ground == "light":
        return page
    of_paper = {BLACK: rgb(rgb_of(INKS[ground])), GREY: GREYS[ground], _HAIRLINE: _HAIRLINE_ON_DARK}
    drawn = (
        item if isinstance(item, Cells) else replace(item, colour=of_paper.get(item.colour, item.colour))
        for item in page.items
    )
    return Page(
        page.width, page.height, (Rectangle(0, 0, page.width, page.height, rgb(rgb_of(GROUNDS[ground]))), *drawn)
    )


def inks_on(background: np.ndarray, ground: Ground) -> np.ndarray:
    """The colour of text on coloured cells, as `inks` has it; black is one short of black, which is the paper's ink and
    turns light with the paper.
    """
    found: np.ndarray = np.maximum(inks(background, ground), 1)
    return found


def framed(x: float, y: float, width: float, height: float, colours: np.ndarray) -> Iterator[Item]:
    """Cells with a hairline about them: their edge would not be seen on paper of their own colour."""
    yield Rectangle(x - 0.5, y - 0.5, width + 1, height + 1, _HAIRLINE)
    yield Cells(x, y, width, height, colours)


def right_edge(items: Iterable[Item]) -> float:
    """Where the last thing to the right ends."""
    return max(item.x + _width(item) for item in items)


def _width(item: Item) -> float:
    if isinstance(item, Text):
        return item.size if item.upwards else width_of(item.run, item.size)
    return item.width


def rgb(colour: np.ndarray) -> Colour:
    """A row of a colour table."""
    red, green, blue = (int(part) for part in colour)
    return red, green, blue


@lru_cache(maxsize=512)
def loaded(font: Font, size: float) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels, or at the nearest size that it has pictures for."""
    layout = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
    sizes = _BITMAP_SIZES if font.colour else ()
    for candidate in (*sizes, size):
        try:
            return ImageFont.truetype(font.path, candidate, font.index, layout_engine=layout)
        except OSError:
            continue
    raise OSError(f"{font.path} cannot be read as a font")


@lru_cache(maxsize=65536)
def width_of(run: Run, size: float) -> float:
    """How wide the run is at a size."""
    font = loaded(run.font, _MEASURED_AT)
    return font.getlength(run.text) * size / font.size


def unit_width(unit: Run | Mark, size: float, fonts: FontChoice) -> float:
    """How wide a run or a mark is, with the room around a code point."""
    if isinstance(unit, Run):
        return width_of(unit, size)
    sign, scale = _sign(unit)
    return width_of(Run(sign, fonts.base), size * scale) + (2 if scale < 1 else 0)


def unit_text(unit: Run | Mark, x: float, baseline: float, size: float, colour: Colour, fonts: FontChoice) -> Text:
    """A run or a mark, drawn at `x`."""
    if isinstance(unit, Run):
        return Text(x, baseline, unit, size, colour)
    sign, scale = _sign(unit)
    small = scale < 1
    return Text(x + (1 if small else 0), baseline - (1 if small else 0), Run(sign, fonts.base), size * scale, colour)


def line_of_text(
    text: str, x: float, baseline: float, size: float, fonts: FontChoice, colour: Colour = BLACK, anchor: float = 0
) -> list[Text]:
    """One line, `anchor` of its width to the left of `x`: 0 begins there, 0.5 is centred, 1 ends there."""
    units = fonts.runs(visible(text))
    x -= anchor * units_width(units, size, fonts)
    placed = []
    for unit in units:
        placed.append(unit_text(unit, x, baseline, size, colour, fonts))
        x += unit_width(unit, size, fonts)
    return placed


def units_width(units: Sequence[Run | Mark], size: float, fonts: FontChoice) -> float:
    """How wide the units are, side by side."""
    return sum(unit_width(unit, size, fonts) for unit in units)


def _sign(mark: Mark) -> tuple[str, float]:
    """What is drawn for a mark, and how large against the text."""
    return (_SIGNS[mark.kind], 1.0) if mark.kind in _SIGNS else (mark.code, _CODE_SIZE)
