"""Answers about pictures as one page: a grid of heatmaps or overlays with labels and one colour bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.figures.fonts import FontChoice
from engine.figures.foot import foot, foot_height
from engine.figures.page import GREY, Item, Page, Text, framed, line_of_text, right_edge, units_width
from engine.figures.picture import fitting, painted, painted_size, sharpness
from engine.figures.visible import visible
from engine.figures.wording import grid_words, number
from engine.protocol.messages import ExportGrid
from engine.reading.placing import picture_limit

_WIDTH, _GAP, _MARGIN = 448.0, 7.0, 10.0
_LARGEST, _LEAST = 224.0, 112.0
_LABEL, _SMALL, _SMALLEST = 11.0, 9.0, 6.5  # sizes of text
_LINE = 14.0  # the room of a title, a number or a label


def grid_page(export: ExportGrid, fonts: FontChoice) -> Page:
    """The cells row by row, as many as there are. Colours end at one limit, or at each cell's own, said under it."""
    limits, room = _limits(export), _room(export)
    left = _MARGIN + (_LINE + 4 if any(export.rows) else 0)
    top = _MARGIN + (_LINE + 2 if any(export.columns) else 0)
    above = _LINE if any(export.titles) else 0.0
    fitted = [fitting(painted_size(export, cell), room) for cell in export.cells]
    cell_width, cell_height = (max(sizes) for sizes in zip(*fitted, strict=True))
    across, down = cell_width + _GAP, above + cell_height + (0 if export.shared else _LINE) + _GAP
    items: list[Item] = []
    size = min(_fitting_size(label, _LABEL, cell_width, fonts) for label in export.columns)
    for column, label in enumerate(export.columns):
        middle = left + column * across + cell_width / 2
        items += _fitted(label, middle, top - 6, size, cell_width, fonts)
    for row, label in enumerate(export.rows):
        middle = top + row * down + above + cell_height / 2
        items += _upwards(_fitted(label, middle, left - 7, _LABEL, cell_height, fonts), middle)
    for place, (cell, limit) in enumerate(zip(export.cells, limits, strict=True)):
        row, column = divmod(place, len(export.columns))
        x, y = left + column * across, top + row * down + above
        width, height = fitted[place]
        inset = (cell_width - width) / 2, (cell_height - height) / 2
        items += framed(x + inset[0], y + inset[1], width, height, painted(export, cell, export.look.layer, limit))
        if any(export.titles):
            items += _fitted(export.titles[place], x + cell_width / 2, y - 5, _SMALL, cell_width, fonts)
        if not export.shared:
            said = f"± {number(limit)}"
            items += line_of_text(said, x + cell_width / 2, y + cell_height + 11, _SMALL, fonts, GREY, anchor=0.5)
    words = grid_words(export, limits[0] if export.shared else None)
    bottom = top + len(export.rows) * down + 6
    items += foot(words, export.look.picture_ramp, export.look.ground, fonts, left, bottom)
    return Page(right_edge(items) + _MARGIN, bottom + foot_height(words), tuple(items))


def grid_sharpness(export: ExportGrid) -> float:
    """Pixels per unit of its PNG."""
    return sharpness(
        max((painted_size(export, cell) for cell in export.cells), key=max), _room(export), export.look.zoom
    )


def _room(export: ExportGrid) -> float:
    """The longer side of a cell: few columns have larger ones."""
    return min(_LARGEST, max(_LEAST, _WIDTH / len(export.columns)))


def _limits(export: ExportGrid) -> list[float]:
    if export.shared:
        return [picture_limit(export.cells, export.look.layer, export.look.scale, export.look.clip)] * len(export.cells)
    return [picture_limit([cell], export.look.layer, export.look.scale, export.look.clip) for cell in export.cells]


def _fitting_size(text: str, size: float, room: float, fonts: FontChoice) -> float:
    """The size at which a line is no wider than `room`, as far as it can still be read."""
    return max(_SMALLEST, min(size, size * room / (_width_of(text, size, fonts) or 1)))


def _width_of(text: str, size: float, fonts: FontChoice) -> float:
    return units_width(fonts.runs(visible(text)), size, fonts)


def _fitted(text: str, middle: float, baseline: float, size: float, room: float, fonts: FontChoice) -> list[Text]:
    """One line about `middle`, smaller where it is long, and cut where that is not enough."""
    size = _fitting_size(text, size, room, fonts)
    whole = text
    while _width_of(text, size, fonts) > room * 1.01 and len(text) > 1:
        whole = whole[:-1]
        text = whole.rstrip() + "…"
    return line_of_text(text, middle, baseline, size, fonts, anchor=0.5)


def _upwards(texts: Sequence[Text], middle: float) -> Iterator[Text]:
    """A line that was written about x = `middle`, turned a quarter to the left about y = `middle`."""
    for text in texts:
        yield Text(text.baseline, 2 * middle - text.x, text.run, text.size, text.colour, upwards=True)
