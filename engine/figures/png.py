"""Pages as pixels."""

from __future__ import annotations

from io import BytesIO
from typing import assert_never

import numpy as np
from PIL import Image, ImageDraw

from engine.figures.fonts import Run
from engine.figures.page import Cells, Item, Line, Page, Rectangle, Text, loaded
from engine.protocol.failures import EngineError

_SHARPNESS = 2.0  # pixels per unit
_LEAST_SHARPNESS = 0.75
_TALLEST = 32_000  # pixels; many programs open nothing taller
_LARGEST = 150_000_000  # pixels; Pillow itself warns of larger ones


def png(page: Page) -> bytes:
    """The page as a PNG file. Raises EngineError where it would be too tall to be of use."""
    scale = min(_SHARPNESS, _TALLEST / page.height)
    if scale < _LEAST_SHARPNESS:
        pixels = f"{page.height * _SHARPNESS:,.0f}"
        raise EngineError(f"The picture would be {pixels} pixels tall; a PDF has pages for it.", "figure_failed")
    return _drawn(page, scale, "white")


def exact_png(page: Page, sharpness: float, transparent: bool = False) -> bytes:
    """The page at exactly so many pixels per unit. Raises EngineError where that is more than programs open."""
    width, height = round(page.width * sharpness), round(page.height * sharpness)
    if max(width, height) > _TALLEST or width * height > _LARGEST:
        message = f"The picture would have {width:,} × {height:,} pixels: take a smaller zoom, or a PDF."
        raise EngineError(message, "figure_failed")
    return _drawn(page, sharpness, None if transparent else "white")


def emoji_png(run: Run) -> bytes:
    """One emoji as a picture with a transparent ground."""
    return _encoded(emoji_picture(run), dpi=None)


def _drawn(page: Page, scale: float, ground: str | None) -> bytes:
    size = round(page.width * scale), round(page.height * scale)
    # What is transparent is black underneath: the soft edges of letters would be light in another colour
    image = Image.new("RGB", size, ground) if ground else Image.new("RGBA", size, (0, 0, 0, 0))
    for item in page.items:
        _draw(image, item, scale)
    return _encoded(image, dpi=96 * scale)


def _draw(image: Image.Image, item: Item, scale: float) -> None:
    match item:
        case Rectangle():
            left, top = round(item.x * scale), round(item.y * scale)
            right, bottom = round((item.x + item.width) * scale), round((item.y + item.height) * scale)
            image.paste(item.colour, (left, top, max(right, left + 1), max(bottom, top + 1)))
        case Line():
            ends = [round(at * scale) for at in (item.x, item.y, item.to_x, item.to_y)]
            ImageDraw.Draw(image).line(ends, item.colour, max(1, round(item.width * scale)))
        case Cells():
            _draw_cells(image, item, scale)
        case Text(run=Run(font=font)) if font.colour:
            _draw_emoji(image, item, scale)
        case Text(upwards=True):
            _draw_upwards(image, item, scale)
        case Text():
            at = (item.x * scale, item.baseline * scale)
            face = loaded(item.run.font, item.size * scale)
            ImageDraw.Draw(image).text(at, item.run.text, item.colour, face, anchor="ls")
        case _:
            assert_never(item)


def _draw_cells(image: Image.Image, cells: Cells, scale: float) -> None:
    size = round(cells.width * scale), round(cells.height * scale)
    picture = Image.fromarray(np.ascontiguousarray(cells.colours)).resize(size, Image.Resampling.NEAREST)
    image.paste(picture, (round(cells.x * scale), round(cells.y * scale)))


def _draw_upwards(image: Image.Image, text: Text, scale: float) -> None:
    font = loaded(text.run.font, text.size * scale)
    length, height = int(font.getlength(text.run.text)) + 2, int(2 * text.size * scale)
    ink = Image.new("L", (length, height))
    ImageDraw.Draw(ink).text((0, height / 2), text.run.text, 255, font, anchor="ls")
    ink = ink.transpose(Image.Transpose.ROTATE_90)
    corner = (round(text.x * scale - height / 2), round(text.baseline * scale - length))
    image.paste(text.colour, corner, ink)


def _draw_emoji(image: Image.Image, text: Text, scale: float) -> None:
    picture = emoji_picture(text.run)
    ratio = text.size * scale / loaded(text.run.font, 0).size
    small = picture.resize((max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))))
    ascent = loaded(text.run.font, 0).getmetrics()[0] * ratio
    if text.upwards:
        small = small.transpose(Image.Transpose.ROTATE_90)
        corner = (round(text.x * scale - ascent), round(text.baseline * scale - small.height))
    else:
        corner = (round(text.x * scale), round(text.baseline * scale - ascent))
    image.paste(small, corner, small)


def emoji_picture(run: Run) -> Image.Image:
    """The run on a transparent ground, at the size its font has pictures for; its top is the font's ascent."""
    font = loaded(run.font, 0)
    ascent, descent = font.getmetrics()
    picture = Image.new("RGBA", (max(1, int(font.getlength(run.text))), ascent + descent))
    ImageDraw.Draw(picture).text((0, ascent), run.text, "black", font, anchor="ls", embedded_color=True)
    return picture


def _encoded(image: Image.Image, dpi: float | None) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return file.getvalue()
