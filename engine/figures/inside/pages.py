"""What was found inside blocks as pages: a grid of heads, a head's matrix, a block's account, tables of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

import numpy as np

from engine.figures.fonts import FontChoice
from engine.figures.foot import FOOT_HEIGHT, foot
from engine.figures.inside.listing import Column, listing, listing_height
from engine.figures.inside.naming import titled, token_names
from engine.figures.inside.strongest import strongest
from engine.figures.page import Item, Page, Text, framed, inks_on, line_of_text, rgb, right_edge
from engine.figures.wording import inside_words
from engine.protocol.inside import Neuron
from engine.protocol.messages import (
    BlockOpened,
    ExportInside,
    HeadFound,
    HeadsFound,
    LayersRead,
    NeuronsFound,
)
from engine.reading.colours import colours
from engine.reading.numbers import fixed

_LEFT, _TOP, _RIGHT = 60.0, 34.0, 24.0
_SIZE, _TITLE = 10.0, 12.0
_GRID_WIDTH, _GRID_HEIGHT = 420.0, 400.0
_MATRIX = 12  # rows and columns of a head's matrix
_CELL, _CELL_HEIGHT = 48.0, 20.0
_STRIP, _STRIP_HEIGHT, _ACCOUNT_LINE = 420.0, 16.0, 26.0
_LISTED = 10  # heads beside the grid, heads and neurons of a block


def inside_page(export: ExportInside, fonts: FontChoice) -> Page:
    """The page of what was found, with its labels and the sentence below."""
    match export.found:
        case HeadsFound():
            return _heads_page(export, export.found, fonts)
        case HeadFound():
            return _head_page(export, export.found, fonts)
        case BlockOpened():
            return _block_page(export, export.found, fonts)
        case NeuronsFound(_, neurons):
            table = _neuron_columns(neurons, token_names(export.relevance, _tokens(neurons)), with_block=True)
            return _table_page(export, f"The {len(neurons)} neurons with most relevance", table, fonts)
        case LayersRead():
            return _layers_page(export, export.found, fonts)
        case _:
            assert_never(export.found)


def _heads_page(export: ExportInside, found: HeadsFound, fonts: FontChoice) -> Page:
    """Blocks from the bottom up, heads from the left; beside them the strongest."""
    sums = found.heads.relevance
    blocks, heads = sums.shape
    limit = _largest(sums)
    wide, high = np.clip(_GRID_WIDTH / heads, 6, 30), np.clip(_GRID_HEIGHT / blocks, 6, 22)
    width, height = float(wide * heads), float(high * blocks)
    cells = colours(np.nan_to_num(sums), limit, export.look.ramp, export.look.ground)[::-1]
    items: list[Item] = [*framed(_LEFT, _TOP, width, height, cells)]
    items += line_of_text("Relevance of every head, block by block", _LEFT, _TOP - 12, _TITLE, fonts)
    for block in range(0, blocks, max(1, round(14 / high))):
        middle = _TOP + height - (block + 0.5) * high
        items += line_of_text(f"block {block}", _LEFT - 6, middle + 3.5, _SIZE, fonts, anchor=1)
    for head in range(0, heads, max(1, round(16 / wide))):
        middle = _LEFT + (head + 0.5) * wide
        items += line_of_text(str(head), middle, _TOP + height + 13, _SIZE, fonts, anchor=0.5)
    items += line_of_text("head", _LEFT + width / 2, _TOP + height + 27, _SIZE, fonts, anchor=0.5)
    order = sorted(((b, h) for b, h in np.ndindex(sums.shape) if np.isfinite(sums[b, h])), key=lambda p: -abs(sums[p]))
    names = [f"{b}.{h}" for b, h in order]
    listed = _ranked(names, [float(sums[place]) for place in order], "head", export.relevance.value)
    right = _LEFT + width + 30
    items += listing(listed, right, _TOP - 6, fonts)
    bottom = max(_TOP + height + 40, _TOP + listing_height(len(listed[0].texts)) + 8)
    return _footed(export, items, limit, f"Relevance of {len(order)} heads, each summed over tokens", bottom, fonts)


def _head_page(export: ExportInside, found: HeadFound, fonts: FontChoice) -> Page:
    """The strongest queries and keys, the others as one, and sums to the right and below."""
    head, asked = found.head, found.question
    position = export.relevance.target.position
    cut = strongest(head.sources, _MATRIX, position // head.pooled if position >= 0 else len(head.sources) - 1)
    name = f"{asked.block}.{asked.head}"
    decoder = asked.decoder
    rows = token_names(export.relevance, len(head.sources), decoder, head.pooled)
    columns = token_names(export.relevance, head.sources.shape[1], False, head.pooled)
    row_names = [rows[i] for i in cut.rows] + ([f"{cut.other_rows} others"] if cut.other_rows else [])
    column_names = [columns[i] for i in cut.columns] + ([f"{cut.other_columns} others"] if cut.other_columns else [])
    limit = _largest(cut.cells[: len(cut.rows), : len(cut.columns)])
    painted = colours(cut.cells, limit, export.look.ramp, export.look.ground)
    left, top = 150.0, _TOP + 70
    width, height = _CELL * cut.cells.shape[1], _CELL_HEIGHT * len(cut.cells)
    items: list[Item] = [*framed(left, top, width, height, painted)]
    title = f"Head {name}: where each query (rows) took from (columns)"
    items += line_of_text(title, left - 140, _TOP - 12, _TITLE, fonts)
    for row, label in enumerate(row_names):
        items += line_of_text(label, left - 8, _middle(top, row), _SIZE, fonts, anchor=1)
        items += line_of_text(
            fixed(float(cut.cells[row].sum()), 2), left + width + 50, _middle(top, row), _SIZE, fonts, anchor=1
        )
        for column in range(cut.cells.shape[1]):
            value = float(cut.cells[row, column])
            ink = rgb(inks_on(painted[row, column], export.look.ground))
            text = fixed(value, 2) if abs(value) >= 0.005 else "·"
            at = left + (column + 0.5) * _CELL
            items += line_of_text(text, at, _middle(top, row), _SIZE - 1, fonts, ink, anchor=0.5)
    for column, label in enumerate(column_names):
        at = left + (column + 0.5) * _CELL
        items += _slanted(label, at, top - 8, fonts)
        total = fixed(float(cut.cells[:, column].sum()), 2)
        items += line_of_text(total, at, top + height + 16, _SIZE, fonts, anchor=0.5)
    whole = float(np.nansum(head.taken, dtype=np.float64))
    items += line_of_text("sum", left - 8, top + height + 16, _SIZE, fonts, anchor=1)
    items += line_of_text(fixed(whole, 2), left + width + 50, top + height + 16, _SIZE, fonts, anchor=1)
    what = f"Head {name} took {fixed(whole, 2)}: {_ways(found)}"
    return _footed(export, items, limit, what, top + height + 40, fonts)


def _block_page(export: ExportInside, found: BlockOpened, fonts: FontChoice) -> Page:
    """What arrives behind the block, and what it is made of: a number and a strip over tokens each."""
    block, number = found.block, found.question.block
    rows = [("arrives behind it", block.arrives), ("passes by", block.skip)]
    rows += [(f"{titled(writer.name)} passes", writer.passed) for writer in block.writers]
    rows += [(f"{titled(writer.name)} holds", writer.relevance) for writer in block.writers]
    items: list[Item] = [*line_of_text(f"Block {number}", _LEFT, _TOP - 8, _TITLE, fonts)]
    top = _TOP + 6
    for place, (name, values) in enumerate(rows):
        y = top + place * _ACCOUNT_LINE
        strip = colours(np.nan_to_num(values), _largest(values), export.look.ramp, export.look.ground)
        items += line_of_text(name, _LEFT, y + 12, _SIZE + 1, fonts)
        items += line_of_text(_sum(values), _LEFT + 190, y + 12, _SIZE + 1, fonts, anchor=1)
        items += framed(_LEFT + 205, y, _STRIP, _STRIP_HEIGHT, strip[None])
    bottom = top + len(rows) * _ACCOUNT_LINE + 14
    if block.heads is not None:
        sums = np.nan_to_num(block.heads).sum(axis=1, dtype=np.float64)
        order = np.argsort(-np.abs(sums), kind="stable")
        names = [f"{number}.{head}" for head in order]
        listed = _ranked(names, [float(sums[head]) for head in order], "head", export.relevance.value)
        items += listing(listed, _LEFT, bottom, fonts)
        bottom += listing_height(len(listed[0].texts)) + 16
    if block.neurons:
        table = _neuron_columns(block.neurons[:_LISTED], token_names(export.relevance, len(block.arrives)), False)
        items += listing(table, _LEFT, bottom, fonts)
        bottom += listing_height(len(table[0].texts)) + 16
    what = f"What passes block {number} by and what its writers pass adds up to what arrives behind it"
    return _footed(export, items, None, what, bottom + 10, fonts)


def _layers_page(export: ExportInside, found: LayersRead, fonts: FontChoice) -> Page:
    """From the last layer down to the input: the likeliest choices, and the target's place among all."""
    rows = found.layers[::-1]
    last = len(rows) - 1
    target = export.relevance.target.label
    most = max(len(row.predictions) for row in rows)
    columns = [
        Column("layer", [f"{row.layer} of {last}" for row in rows], True),
        Column(f"rank of {target}", [f"{row.rank:,}" for row in rows], True),
        Column("logit", [fixed(row.logit, 2) for row in rows], True),
        *(
            Column("likeliest" if place == 0 else "", [_choice(row.predictions, place) for row in rows])
            for place in range(most)
        ),
    ]
    return _table_page(export, "What the model would predict if a layer were its last", columns, fonts)


def _table_page(export: ExportInside, title: str, columns: Sequence[Column], fonts: FontChoice) -> Page:
    items: list[Item] = [*line_of_text(title, _LEFT, _TOP - 8, _TITLE, fonts)]
    items += listing(columns, _LEFT, _TOP, fonts)
    bottom = _TOP + listing_height(len(columns[0].texts)) + 18
    words = inside_words(export.relevance, None, title)
    for line in words.caption:
        items += line_of_text(line, _LEFT, bottom, _SIZE + 1, fonts)
        bottom += 16
    return Page(max(right_edge(items) + _RIGHT, 480), bottom + 4, tuple(items))


def _footed(
    export: ExportInside, items: list[Item], limit: float | None, what: str, top: float, fonts: FontChoice
) -> Page:
    items += foot(inside_words(export.relevance, limit, what), export.look.ramp, export.look.ground, fonts, _LEFT, top)
    return Page(right_edge(items) + _RIGHT, top + FOOT_HEIGHT, tuple(items))


def _ranked(names: Sequence[str], values: Sequence[float], what: str, whole: float) -> list[Column]:
    """The strongest with their shares, then the others and the sum."""
    kept, rest = list(names[:_LISTED]), values[_LISTED:]
    shown = list(values[:_LISTED])
    if rest:
        kept.append(f"{len(rest)} others")
        shown.append(sum(rest))
    kept.append("sum")
    shown.append(sum(values))
    shares = [f"{fixed(100 * value / whole, 0)} %" if whole else "" for value in shown]
    return [
        Column(what, kept),
        Column("relevance", [fixed(value, 2, plus=True) for value in shown], True),
        Column("of the target", shares, True),
    ]


def _neuron_columns(neurons: Sequence[Neuron], tokens: Sequence[str], with_block: bool) -> list[Column]:
    def token(neuron: Neuron) -> str:
        return tokens[neuron.position] if 0 <= neuron.position < len(tokens) else "–"

    return [
        Column("neuron", [f"{one.block}.{one.index}" if with_block else str(one.index) for one in neurons]),
        Column("relevance", [fixed(one.relevance, 2, plus=True) for one in neurons], True),
        Column("most at", [token(one) for one in neurons]),
        Column("raises", [_words(one.raises) for one in neurons]),
        Column("lowers", [_words(one.lowers) for one in neurons]),
        Column("reads", [_words(one.reads) for one in neurons]),
    ]


def _words(words: Sequence[str]) -> str:
    return "   ".join(word.strip() or "·" for word in words) or "–"


def _choice(predictions: Sequence[object], place: int) -> str:
    if place >= len(predictions):
        return ""
    label = getattr(predictions[place], "label", "")
    return str(label).strip() or "·"


def _ways(found: HeadFound) -> str:
    """What of it went which way, and what the softmax keeps."""
    head = found.head
    if head.query is None or head.key is None or head.pooled > 1:
        return "all of it by values" if head.query is None else "by values, queries and keys"
    parts = [(name, _sum(way)) for name, way in (("value", head.value), ("query", head.query), ("key", head.key))]
    told = ", ".join(f"{amount} by {name}" for name, amount in parts)
    return f"{told}; the softmax keeps {_sum(head.kept)}"


def _tokens(neurons: Sequence[Neuron]) -> int:
    return len(neurons[0].tokens) if neurons else 0


def _sum(values: np.ndarray) -> str:
    return fixed(float(np.nansum(values, dtype=np.float64)), 2)


def _largest(values: np.ndarray) -> float:
    return float(np.nanmax(np.abs(values), initial=0.0)) or 1.0


def _middle(top: float, row: int) -> float:
    return top + row * _CELL_HEIGHT + _CELL_HEIGHT / 2 + 3.5


def _slanted(label: str, x: float, bottom: float, fonts: FontChoice) -> Iterator[Item]:
    """A label that reads upwards from above its column."""
    for text in line_of_text(label, 0, 0, _SIZE, fonts):
        yield Text(x + 3.5, bottom - text.x, text.run, text.size, text.colour, upwards=True)
