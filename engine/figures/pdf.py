"""Pages as PDF with text that can be searched, without LaTeX.

Emoji are pictures there, as with LaTeX: the library's own colour fonts fail where two spellings have one glyph.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import assert_never

import numpy as np
from fpdf import FPDF
from PIL import Image

from engine.figures.fonts import Font
from engine.figures.page import Cells, Item, Line, Page, Rectangle, Text, loaded
from engine.figures.png import emoji_picture

TALLEST_PAGE = 1_000.0  # units; longer strips go on several pages
_POINTS_PER_UNIT = 0.75
_LEAST_CELL = 4  # pixels on a side: viewers that smooth pictures blur smaller cells away
_MOST_PIXELS = 4_000_000  # of a picture that is enlarged for it

logging.getLogger("fontTools.subset").setLevel(logging.ERROR)


def pdf(pages: Sequence[Page], title: str) -> bytes:
    """The pages as one PDF file, each of its own size."""
    paper = FPDF(unit=_POINTS_PER_UNIT)
    paper.set_auto_page_break(False)
    paper.set_margin(0)
    paper.c_margin = 0
    paper.set_title(title)
    paper.set_text_shaping(True)
    names: dict[Font, str] = {}
    for page in pages:
        paper.add_page(format=(page.width, page.height))
        for item in page.items:
            _draw(paper, item, names)
    return bytes(paper.output())


def _draw(paper: FPDF, item: Item, names: dict[Font, str]) -> None:
    match item:
        case Rectangle():
            paper.set_fill_color(*item.colour)
            paper.rect(item.x, item.y, item.width, item.height, style="F")
        case Line():
            paper.set_draw_color(*item.colour)
            paper.set_line_width(item.width)
            paper.line(item.x, item.y, item.to_x, item.to_y)
        case Cells():
            paper.image(_enlarged(item.colours), item.x, item.y, item.width, item.height)
        case Text(upwards=True):
            with paper.rotation(90, item.x, item.baseline):
                _write(paper, item, names)
        case Text():
            _write(paper, item, names)
        case _:
            assert_never(item)


def _write(paper: FPDF, text: Text, names: dict[Font, str]) -> None:
    font = text.run.font
    if font.colour:
        _write_emoji(paper, text)
        return
    if font not in names:
        names[font] = f"font{len(names)}"
        paper.add_font(names[font], fname=font.path, collection_font_number=font.index)
    paper.set_font(names[font], size=text.size * _POINTS_PER_UNIT)
    paper.set_text_color(*text.colour)
    # `cell` shapes its text and `text` does not; a cell's baseline lies 0.3 of the text's size under its middle
    paper.set_xy(text.x, text.baseline - 0.3 * text.size)
    paper.cell(w=1, h=0, text=text.run.text)


def _write_emoji(paper: FPDF, text: Text) -> None:
    picture, font = emoji_picture(text.run), loaded(text.run.font, 0)
    ratio = text.size / font.size
    top = text.baseline - font.getmetrics()[0] * ratio
    paper.image(picture, text.x, top, picture.width * ratio, picture.height * ratio)


def _enlarged(colours: np.ndarray) -> Image.Image:
    side = max(1, min(_LEAST_CELL, int((_MOST_PIXELS / (colours.shape[0] * colours.shape[1])) ** 0.5)))
    return Image.fromarray(np.repeat(np.repeat(colours, side, axis=0), side, axis=1))
