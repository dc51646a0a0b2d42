"""All layers at once as a page: a layer x token map, and beside it the sum of every row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from engine.figures.fonts import FontChoice
from engine.figures.foot import FOOT_HEIGHT, foot
from engine.figures.page import (
    BLACK,
    GREY,
    Cells,
    Item,
    Line,
    Page,
    Rectangle,
    Text,
    inks_on,
    line_of_text,
    rgb,
    units_width,
)
from engine.figures.visible import shown, visible
from engine.figures.wording import number, words_for
from engine.protocol.looks import Look
from engine.protocol.messages import Export
from engine.protocol.relevance import Relevance
from engine.protocol.values import Token
from engine.reading.colours import colours, is_against, places_on
from engine.reading.limits import colour_limit
from engine.reading.units import Units, text_of, units_of

_LEFT, _RIGHT, _TOP = 58.0, 24.0, 30.0
_MAP_WIDTH, _BETWEEN, _SUM_WIDTH = 520.0, 16.0, 110.0
_MAP_HEIGHT = 400.0
_LEAST_ROW, _TALLEST_ROW = 5.0, 20.0
_SIZE, _TITLE_SIZE = 10.0, 11.0
_TICK = 4.0
_HATCHED = 10.0  # the least width and height of a cell that is hatched
_LABEL_ROOM = 10.0  # the width a column needs for its token's text
_LONGEST_LABEL = 14  # characters
_BAR: tuple[int, int, int] = (150, 150, 150)
_TARGET_LINE: tuple[int, int, int] = (0, 0, 0)


def layer_page(export: Export, fonts: FontChoice) -> Page:
    """The map with its axes, the sums with a line at the target's value, legend and caption."""
    relevance = export.relevance
    units = units_of(relevance.tokens, export.look.unit)
    rows = units.merged(np.concatenate([relevance.input[None], relevance.layers]))  # (row, unit), from the bottom up
    names = _names(relevance.tokens, units)
    height = float(np.clip(_MAP_HEIGHT / len(rows), _LEAST_ROW, _TALLEST_ROW)) * len(rows)
    bottom = _TOP + height
    limits = np.array([[colour_limit(relevance, layer, export.look)] for layer in _layers(relevance)])
    items: list[Item] = [
        Cells(_LEFT, _TOP, _MAP_WIDTH, height, colours(rows, limits, export.look.ramp, export.look.ground)[::-1]),
        *(_hatches(rows, limits, export.look, height) if export.look.signs else ()),
        *line_of_text(f"Relevance of every {export.look.unit}, layer by layer", _LEFT, _TOP - 12, _TITLE_SIZE, fonts),
        *_frame(_LEFT, _TOP, _MAP_WIDTH, height),
        *_layer_axis(len(rows), height, fonts),
        *_sums(_drawable(rows.sum(axis=1)), float(_drawable(relevance.value)), height, fonts),
    ]
    items += _token_axis(names, bottom, fonts)
    depth = _token_axis_depth(names, fonts)
    top = bottom + depth + 26
    items += line_of_text(export.look.unit, _LEFT + _MAP_WIDTH / 2, bottom + depth + 10, _TITLE_SIZE, fonts, anchor=0.5)
    items += foot(words_for(export), export.look.ramp, export.look.ground, fonts, _LEFT, top)
    return Page(_LEFT + _MAP_WIDTH + _BETWEEN + _SUM_WIDTH + _RIGHT, top + FOOT_HEIGHT, tuple(items))


def _hatches(rows: np.ndarray, limits: np.ndarray, look: Look, height: float) -> Iterator[Line]:
    """A stroke across each cell that speaks against, where cells are large enough for one."""
    wide, high = _MAP_WIDTH / rows.shape[1], height / len(rows)
    if min(wide, high) < _HATCHED:
        return
    places = places_on(look.ramp, rows, limits)
    cells = colours(rows, limits, look.ramp, look.ground)
    for row, column in np.argwhere(is_against(places)):
        x, y = _LEFT + column * wide, _TOP + height - row * high
        ink = rgb(inks_on(cells[row, column], look.ground))
        yield Line(x + 2, y - 2, x + wide - 2, y - high + 2, 0.8, ink)


def _layers(relevance: Relevance) -> list[int | None]:
    return [None, *range(len(relevance.layers))]


def _drawable(values: np.ndarray | float) -> np.ndarray:
    """What is not a number has no length."""
    drawable: np.ndarray = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    return drawable


def _frame(x: float, y: float, width: float, height: float) -> Iterator[Rectangle]:
    yield Rectangle(x, y + height, width, 0.5, BLACK)
    yield Rectangle(x - 0.5, y, 0.5, height + 0.5, BLACK)


def _layer_axis(rows: int, height: float, fonts: FontChoice) -> Iterator[Item]:
    """`input` at the bottom, then the layers' numbers, as many as there is room for."""
    row_height = height / rows
    step = _round_step(rows, height / 13)
    for row in range(rows):
        layer = row - 1
        if layer >= 0 and (layer % step or row_height * row < 12):
            continue
        middle = _TOP + height - (row + 0.5) * row_height
        yield Rectangle(_LEFT - _TICK, middle, _TICK, 0.5, BLACK)
        yield from line_of_text("input" if layer < 0 else str(layer), _LEFT - 7, middle + 3.5, _SIZE, fonts, anchor=1)
    title = "layer"
    width = units_width(fonts.runs(visible(title)), _TITLE_SIZE, fonts)
    for text in line_of_text(title, 16, _TOP + height / 2 + width / 2, _TITLE_SIZE, fonts):
        yield _upwards(text)


def _names(tokens: tuple[Token, ...], units: Units) -> Sequence[str]:
    """What the columns are called, each in few letters."""
    texts = (text_of(tokens, span) if len(span) > 1 else _label(tokens[span.start]) for span in units.ranges)
    return [_brief(text) for text in texts]


def _token_axis(names: Sequence[str], bottom: float, fonts: FontChoice) -> Iterator[Item]:
    """The columns' texts where the columns are wide enough, and otherwise their numbers."""
    column = _MAP_WIDTH / len(names)
    step = 1 if _has_room(names) else _round_step(len(names), _MAP_WIDTH / 40)
    for index in range(0, len(names), step):
        middle = _LEFT + (index + 0.5) * column
        yield Rectangle(middle, bottom, 0.5, _TICK, BLACK)
        if not _has_room(names):
            yield from line_of_text(str(index), middle, bottom + 15, _SIZE, fonts, anchor=0.5)
            continue
        label = names[index]
        y = bottom + 7 + units_width(fonts.runs(visible(label)), _SIZE, fonts)
        for text in line_of_text(label, 0, 0, _SIZE, fonts):
            yield Text(middle + 3.5, y - text.x, text.run, text.size, text.colour, upwards=True)


def _token_axis_depth(names: Sequence[str], fonts: FontChoice) -> float:
    if not _has_room(names):
        return 22.0
    return 12 + max(units_width(fonts.runs(visible(name)), _SIZE, fonts) for name in names)


def _sums(sums: np.ndarray, value: float, height: float, fonts: FontChoice) -> Iterator[Item]:
    """A bar for every row, zero and the target's value marked."""
    left = _LEFT + _MAP_WIDTH + _BETWEEN
    low, high = min(0.0, value, float(sums.min())), max(0.0, value, float(sums.max()))
    unit = _SUM_WIDTH / ((high - low) or 1.0)
    zero, target = left - low * unit, left + (value - low) * unit
    row_height = height / len(sums)
    for row, total in enumerate(sums):
        y = _TOP + height - (row + 1) * row_height
        start, length = zero + min(0.0, total) * unit, abs(total) * unit
        yield Rectangle(start, y + 0.15 * row_height, length, 0.7 * row_height, _BAR)
    yield from _frame(left, _TOP, _SUM_WIDTH, height)
    yield Rectangle(zero - 0.25, _TOP, 0.5, height, GREY)
    yield Rectangle(target - 0.5, _TOP, 1.0, height, _TARGET_LINE)
    yield from line_of_text("sum of each layer", left, _TOP - 12, _TITLE_SIZE, fonts)
    under = min(max(target, left + 20), left + _SUM_WIDTH - 8)  # the words stay on the page
    yield from line_of_text(f"target {number(value)}", under, _TOP + height + 15, _SIZE, fonts, anchor=0.5)
    if abs(under - zero) > 40:
        yield from line_of_text("0", zero, _TOP + height + 15, _SIZE, fonts, anchor=0.5)


def _label(token: Token) -> str:
    return (shown(token) if not token.text or token.text.strip() else token.label).strip() or token.label


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _has_room(names: Sequence[str]) -> bool:
    return _MAP_WIDTH / len(names) >= _LABEL_ROOM


def _upwards(text: Text) -> Text:
    return Text(text.x, text.baseline, text.run, text.size, text.colour, upwards=True)


def _round_step(count: int, most: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... with which no more than `most` ticks are needed."""
    steps = (digit * int(10**power) for power in itertools.count() for digit in (1, 2, 5))
    return next(step for step in steps if count <= step * most)
