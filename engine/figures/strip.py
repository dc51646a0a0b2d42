"""The tokens as pages: wrapped coloured boxes with a legend and a caption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.figures.boxes import Box, boxes
from engine.figures.dressing import DECODER_HEADING, dressed, texts_in
from engine.figures.fonts import FontChoice
from engine.figures.foot import FOOT_HEIGHT, foot
from engine.figures.page import (
    Colour,
    Item,
    Page,
    Rectangle,
    line_of_text,
    rgb,
    unit_text,
    unit_width,
    units_width,
)
from engine.figures.wording import Words, words_for
from engine.protocol.messages import Export
from engine.protocol.values import Token

_WIDTH, _MARGIN = 640.0, 10.0
_SIZE, _LINE = 13.0, 23.0  # of the text, and from line to line
_ASCENT, _DESCENT = 14.0, 5.0  # of a box, about the baseline
_HAIR = 1.0  # between two tokens
_SPACE = 4.2
_HEADING_SIZE = 10.0
_DOT = 1.5

Placed = tuple[float, Box]  # where the box begins, with the space before it
PartLine = tuple[int, list[Placed]]  # of which part; without boxes it is the heading over a decoder's


def token_pages(
    export: Export, fonts: FontChoice, tallest: float | None = None, words: Words | None = None
) -> list[Page]:
    """The strip on one page, or on several where it would be taller than `tallest`; `words` stand under it."""
    under = words or words_for(export)
    lines = [line for part in texts_in(export.relevance) for line in _lines_of(export, part, fonts)]
    per_page = len(lines)
    if tallest is not None and len(lines) * _LINE + FOOT_HEIGHT + 2 * _MARGIN > tallest:
        per_page = int((tallest - FOOT_HEIGHT - 2 * _MARGIN) // _LINE)
    chunks = [lines[first : first + per_page] for first in range(0, len(lines), per_page)]
    return [_page(export, fonts, chunk, under if chunk is chunks[-1] else None) for chunk in chunks]


def _lines_of(export: Export, part: int, fonts: FontChoice) -> Iterator[PartLine]:
    if part > 0:
        yield part, []
    for line in _lines(export.relevance.parts[part].tokens, fonts):
        yield part, line


def _lines(tokens: Sequence[Token], fonts: FontChoice) -> Iterator[list[Placed]]:
    """The boxes of each line. A word in several tokens stays together where it can."""
    line: list[Placed] = []
    x = 0.0
    for box in boxes(tokens, fonts):
        width = _box_width(box, fonts)
        if line and x + width > _WIDTH:
            line, carried = _broken(line, box)
            yield line
            line, x = [], 0.0
            for moved in carried:
                line.append((x, moved))
                x += _box_width(moved, fonts, gap=x > 0) + _HAIR
            width = _box_width(box, fonts, gap=x > 0)
        line.append((x, box))
        x += width + _HAIR
        if box.ends_line:
            yield line
            line, x = [], 0.0
    if line:
        yield line


def _broken(line: list[Placed], following: Box) -> tuple[list[Placed], list[Box]]:
    """Where to break before `following`: there, or before the word it is in the middle of."""
    if following.after_word:
        return line, []
    for place in range(len(line) - 1, max(0, len(line) - 8), -1):
        if line[place][1].after_word:
            return line[:place], [box for _, box in line[place:]]
    return line, []


def _box_width(box: Box, fonts: FontChoice, gap: bool = True) -> float:
    return units_width(box.units, _SIZE, fonts) + (box.gap * _SPACE if gap else 0)


def _page(export: Export, fonts: FontChoice, lines: list[PartLine], words: Words | None) -> Page:
    worn = [dressed(export, part) for part in texts_in(export.relevance)]
    items: list[Item] = []
    baseline = _MARGIN + _ASCENT
    for part, line in lines:
        units, grounds, texts, against = worn[part]
        if not line:
            items += line_of_text(DECODER_HEADING, _MARGIN, baseline, _HEADING_SIZE, fonts)
            baseline += _LINE
            continue
        for (x, box), (_, following) in zip(line, (*line[1:], (0.0, None)), strict=True):
            ink = rgb(texts[box.token])
            goes_on = following is not None and units.of_token[box.token] == units.of_token[following.token]
            hair = _HAIR if goes_on and units.tokens > len(units) else 0.0
            items += _drawn(box, _MARGIN + x, baseline, rgb(grounds[box.token]), ink, fonts, hair)
            if against[box.token]:
                items += _dots(_MARGIN + x, baseline + _DESCENT - _DOT, _box_width(box, fonts, gap=x > 0), ink)
        baseline += _LINE
    top = baseline - _ASCENT + 8
    if words is not None:
        items += foot(words, export.look.ramp, export.look.ground, fonts, _MARGIN, top)
    return Page(_WIDTH + 2 * _MARGIN, top + (FOOT_HEIGHT if words else 0), tuple(items))


def _dots(x: float, y: float, width: float, ink: Colour) -> Iterator[Item]:
    """The sign of what speaks against, without colour."""
    for step in range(int(width // (2 * _DOT))):
        yield Rectangle(x + _DOT / 2 + 2 * step * _DOT, y, _DOT, _DOT, ink)


def _drawn(
    box: Box, x: float, baseline: float, ground: Colour, ink: Colour, fonts: FontChoice, hair: float
) -> Iterator[Item]:
    """A box in its colour, which goes on over the `hair` between it and the next of its unit."""
    gap = box.gap * _SPACE if x > _MARGIN else 0.0
    width = gap + units_width(box.units, _SIZE, fonts)
    yield Rectangle(x, baseline - _ASCENT, width + hair, _ASCENT + _DESCENT, ground)
    x += gap
    for unit in box.units:
        yield unit_text(unit, x, baseline, _SIZE, ink, fonts)
        x += unit_width(unit, _SIZE, fonts)
