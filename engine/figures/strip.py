"""The tokens as pages: wrapped coloured boxes, numbers under them, a legend and a caption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.figures.boxes import Box, boxes
from engine.figures.dressing import DECODER_HEADING, Dressed, Number, dressed, numbers_under, texts_in
from engine.figures.fonts import FontChoice
from engine.figures.foot import FOOT_HEIGHT, foot
from engine.figures.page import (
    GREY,
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
from engine.figures.visible import visible
from engine.figures.wording import Words, words_for
from engine.protocol.messages import Export

_WIDTH, _MARGIN = 640.0, 10.0
_SIZE, _LINE = 13.0, 23.0  # of the text, and from line to line
_ASCENT, _DESCENT = 14.0, 5.0  # of a box, about the baseline
_HAIR = 1.0  # between two tokens
_SPACE = 4.2
_HEADING_SIZE = 10.0
_DOT = 1.5
_NUMBER, _APART = 9.0, 4.0  # the size of a number, and the least between two

Placed = tuple[float, int]  # where a box begins, with the space before it, and which it is


@dataclass(frozen=True, eq=False)
class _Strip:
    """What is drawn of a text, before it is cut into lines."""

    looks: Dressed
    boxes: list[Box]
    widths: list[float]  # of each box, without the space before it
    numbers: list[Number]
    number_widths: list[float]

    def width(self, at: int, gap: bool = True) -> float:
        return self.widths[at] + (self.boxes[at].gap * _SPACE if gap else 0)


@dataclass(frozen=True, eq=False)
class _Line:
    """A line of a text; without boxes it is the heading over a decoder's."""

    strip: _Strip
    placed: list[Placed]
    numbers: dict[int, str]  # by the box at which each begins


def token_pages(
    export: Export, fonts: FontChoice, tallest: float | None = None, words: Words | None = None
) -> list[Page]:
    """The strip on one page, or on several where it would be taller than `tallest`; `words` stand under it."""
    under = words or words_for(export)
    lines = [line for part in texts_in(export.relevance) for line in _lines_of(export, part, fonts)]
    step = _LINE + (_NUMBER if export.look.values else 0)
    per_page = len(lines)
    if tallest is not None and len(lines) * step + FOOT_HEIGHT + 2 * _MARGIN > tallest:
        per_page = int((tallest - FOOT_HEIGHT - 2 * _MARGIN) // step)
    chunks = [lines[first : first + per_page] for first in range(0, len(lines), per_page)]
    return [_page(export, fonts, chunk, step, under if chunk is chunks[-1] else None) for chunk in chunks]


def _lines_of(export: Export, part: int, fonts: FontChoice) -> Iterator[_Line]:
    strip = _strip(export, part, fonts)
    lines = list(_lines(strip))
    numbers = _placed(strip, lines)
    if part > 0:
        yield _Line(strip, [], {})
    for placed in lines:
        yield _Line(strip, placed, numbers)


def _strip(export: Export, part: int, fonts: FontChoice) -> _Strip:
    """The boxes, those of a unit together as wide as the number under it."""
    looks, every = dressed(export, part), list(boxes(export.relevance.parts[part].tokens, fonts))
    widths = [units_width(box.units, _SIZE, fonts) for box in every]
    numbers = list(numbers_under(every, looks))
    needed = [units_width(fonts.runs(visible(number.text)), _NUMBER, fonts) + _APART for number in numbers]
    for number, width in zip(numbers, needed, strict=True):
        widths[number.last] += max(width - sum(widths[number.first : number.last + 1]), 0)
    return _Strip(looks, every, widths, numbers, needed)


def _lines(strip: _Strip) -> Iterator[list[Placed]]:
    """The boxes of each line. A word in several tokens stays together where it can."""
    line: list[Placed] = []
    x = 0.0
    for at, box in enumerate(strip.boxes):
        width = strip.width(at)
        if line and x + width > _WIDTH:
            line, carried = _broken(strip, line, box)
            yield line
            line, x = [], 0.0
            for moved in carried:
                line.append((x, moved))
                x += strip.width(moved, gap=x > 0) + _HAIR
            width = strip.width(at, gap=x > 0)
        line.append((x, at))
        x += width + _HAIR
        if box.ends_line:
            yield line
            line, x = [], 0.0
    if line:
        yield line


def _broken(strip: _Strip, line: list[Placed], following: Box) -> tuple[list[Placed], list[int]]:
    """Where to break before `following`: there, or before the word it is in the middle of."""
    if following.after_word:
        return line, []
    for place in range(len(line) - 1, max(0, len(line) - 8), -1):
        if strip.boxes[line[place][1]].after_word:
            return line[:place], [at for _, at in line[place:]]
    return line, []


def _placed(strip: _Strip, lines: Sequence[list[Placed]]) -> dict[int, str]:
    """The box at which each number begins: the first of its unit, or of the first line that has room for it."""
    where = {at: (line, x) for line, placed in enumerate(lines) for x, at in placed}
    found = {}
    for number, width in zip(strip.numbers, strip.number_widths, strict=True):
        chosen = number.first
        for _, part in groupby(range(number.first, number.last + 1), lambda at: where[at][0]):
            first, *others = part
            last = others[-1] if others else first
            if where[last][1] + strip.width(last, gap=where[last][1] > 0) - where[first][1] >= width:
                chosen = first
                break
        found[chosen] = number.text
    return found


def _page(export: Export, fonts: FontChoice, lines: list[_Line], step: float, words: Words | None) -> Page:
    items: list[Item] = []
    baseline = _MARGIN + _ASCENT
    for line in lines:
        if not line.placed:
            items += line_of_text(DECODER_HEADING, _MARGIN, baseline, _HEADING_SIZE, fonts)
            baseline += _LINE
            continue
        strip, numbers = line.strip, line.numbers
        units, grounds, texts, against, _ = strip.looks
        for (x, at), (_, next_at) in zip(line.placed, (*line.placed[1:], (0.0, None)), strict=True):
            box, following = strip.boxes[at], None if next_at is None else strip.boxes[next_at]
            ink, width = rgb(texts[box.token]), strip.width(at, gap=x > 0)
            goes_on = following is not None and units.of_token[box.token] == units.of_token[following.token]
            hair = _HAIR if goes_on and units.tokens > len(units) else 0.0
            items += _drawn(box, _MARGIN + x, baseline, width, rgb(grounds[box.token]), ink, fonts, hair)
            if against[box.token]:
                items += _dots(_MARGIN + x, baseline + _DESCENT - _DOT, width, ink)
            if at in numbers:
                left = _MARGIN + x + width - strip.widths[at]
                items += line_of_text(numbers[at], left, baseline + _DESCENT + _NUMBER, _NUMBER, fonts, GREY)
        baseline += step
    top = baseline - _ASCENT + 8
    if words is not None:
        items += foot(words, export.look.ramp, export.look.ground, fonts, _MARGIN, top)
    return Page(_WIDTH + 2 * _MARGIN, top + (FOOT_HEIGHT if words else 0), tuple(items))


def _dots(x: float, y: float, width: float, ink: Colour) -> Iterator[Item]:
    """The sign of what speaks against, without colour."""
    for step in range(int(width // (2 * _DOT))):
        yield Rectangle(x + _DOT / 2 + 2 * step * _DOT, y, _DOT, _DOT, ink)


def _drawn(
    box: Box, x: float, baseline: float, width: float, ground: Colour, ink: Colour, fonts: FontChoice, hair: float
) -> Iterator[Item]:
    """A box in its colour, which goes on over the `hair` between it and the next of its unit."""
    yield Rectangle(x, baseline - _ASCENT, width + hair, _ASCENT + _DESCENT, ground)
    x += box.gap * _SPACE if x > _MARGIN else 0.0
    for unit in box.units:
        yield unit_text(unit, x, baseline, _SIZE, ink, fonts)
        x += unit_width(unit, _SIZE, fonts)
