"""The layout of a prompt at a given width: rows of runs, and the boxes drawn behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout, QTextOption

from inspector.views.tokens.bidi import visual_order
from inspector.views.tokens.strip_fonts import StripFonts
from inspector.views.tokens.token_numbers import NumberPlaces, NumberRoom, NumberWidths
from inspector.views.tokens.token_runs import RunKind, Runs

PADDING = 2.0  # inside a box, at both ends of a token
GAP = 1.0  # between two boxes
WORD_GAP = 3.0  # more of it, between two words
_NARROWEST = 5.0


@dataclass(frozen=True, eq=False)
class TokenLayout:
    """Runs with places. A span is the part of a token that lies in one row; spans are in reading order."""

    runs: Runs
    run_x: np.ndarray  # float (run,), left end of the text
    run_width: np.ndarray  # float (run,)
    run_span: np.ndarray  # int (run,)
    span_token: np.ndarray  # int (span,)
    span_row: np.ndarray  # int (span,)
    span_left: np.ndarray  # float (span,)
    span_right: np.ndarray  # float (span,)
    row_span: np.ndarray  # int (row + 1,): the first span of each row
    span_run: np.ndarray  # int (span + 1,): the first run of each span
    box_height: float
    row_height: float
    box_top: float  # in its row
    width: float
    numbers: NumberPlaces | None  # under the boxes

    @property
    def rows(self) -> int:
        return len(self.row_span) - 1

    @property
    def height(self) -> float:
        return self.rows * self.row_height

    def rows_between(self, top: float, bottom: float) -> range:
        first = min(max(int(top // self.row_height), 0), self.rows)
        return range(first, min(max(int(bottom // self.row_height) + 1, first), self.rows))

    def spans_of(self, token: int) -> range:
        first, last = np.searchsorted(self.span_token, [token, token + 1])
        return range(int(first), int(last))

    def rect(self, span: int) -> QRectF:
        top = float(self.span_row[span]) * self.row_height + self.box_top
        left = float(self.span_left[span])
        return QRectF(left, top, float(self.span_right[span]) - left, self.box_height)

    def chips(self, spans: range, goes_on: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The boxes of consecutive spans, those that go on as one joined where they touch.

        `goes_on`, bool (span of `spans`,), says whether one goes on from the one before. What comes back is the first
        span of each box, and its left and right end.
        """
        part = slice(spans.start, spans.stop)
        row, left, right = self.span_row[part], self.span_left[part], self.span_right[part]
        near = np.minimum(np.abs(left[1:] - right[:-1]), np.abs(left[:-1] - right[1:])) <= GAP + WORD_GAP + 1
        joins = np.append(False, goes_on[1:] & (row[1:] == row[:-1]) & near)
        first = np.flatnonzero(~joins)
        return spans.start + first, np.minimum.reduceat(left, first), np.maximum.reduceat(right, first)

    def boxes(self, tokens: range, spans: range | None = None) -> list[QRectF]:
        """Where consecutive tokens are, those among `spans`, joined where they touch."""
        if not tokens:
            return []
        first, last = np.searchsorted(self.span_token, [tokens.start, tokens.stop])
        within = range(int(first), int(last))
        if spans is not None:
            within = range(max(within.start, spans.start), min(within.stop, spans.stop))
        if not within:
            return []
        found = []
        for span, left, right in zip(*self.chips(within, np.full(len(within), True)), strict=True):
            rect = self.rect(int(span))
            found.append(QRectF(float(left), rect.top(), float(right - left), rect.height()))
        return found

    def token_at(self, point: QPointF) -> int:
        """The token drawn at `point`, or -1."""
        row = int(point.y() // self.row_height)
        if not 0 <= row < self.rows:
            return -1
        spans = slice(self.row_span[row], self.row_span[row + 1])
        inside = (self.span_left[spans] <= point.x()) & (point.x() < self.span_right[spans] + GAP)
        hits = np.flatnonzero(inside)
        return int(self.span_token[spans][hits[0]]) if len(hits) else -1

    def nearest_in_row(self, row: int, x: float) -> int:
        """The token of `row` that is closest to `x`."""
        spans = slice(self.row_span[row], self.row_span[row + 1])
        distance = np.maximum(self.span_left[spans] - x, x - self.span_right[spans]).clip(0)
        return int(self.span_token[spans][distance.argmin()])


class WidthCache:
    """Widths of texts in the strip's fonts; each text is measured once."""

    def __init__(self, fonts: StripFonts) -> None:
        self.fonts = fonts
        self._metrics = {kind: QFontMetricsF(fonts.of(kind)) for kind in RunKind}
        self._known: dict[tuple[int, str], float] = {}
        self.numbers = NumberWidths(fonts.number)

    def widths(self, runs: Runs) -> np.ndarray:
        """The width of each run, float (run,)."""
        known, metrics = self._known, self._metrics
        found = np.empty(len(runs))
        for index, key in enumerate(zip(runs.kinds.tolist(), runs.texts, strict=True)):
            width = known.get(key)
            if width is None:
                width = known[key] = max(metrics[key[0]].horizontalAdvance(key[1]), _NARROWEST)
            found[index] = width
        return found

    @property
    def line_height(self) -> float:
        return self._metrics[RunKind.TEXT].height()


def lay_out(runs: Runs, cache: WidthCache, width: float, numbers: NumberRoom | None = None) -> TokenLayout:
    """Fill rows of `width` with the runs, of which there is at least one, and with the numbers under them.

    Rows break between words, where that is not possible between tokens, else inside a token.
    """
    text_width, room = cache.widths(runs), width - 2 * (PADDING + GAP)
    if (text_width > room).any():
        runs = _with_long_runs_cut(runs, np.flatnonzero(text_width > room), cache.fonts, room)
        text_width = cache.widths(runs)
    first = np.concatenate(([True], runs.tokens[1:] != runs.tokens[:-1]))
    last = np.concatenate((first[1:], [True]))
    extra = np.where(runs.kinds >= RunKind.SPECIAL, 3.0, 0.0)  # a pill needs more room at its round ends
    before = np.where(first, PADDING + extra, 0)
    space = np.where(np.append(runs.after_space[1:], False), WORD_GAP, 0)  # behind a run, so that rows begin flush
    taken = before + text_width + np.where(last, PADDING + extra, 0)
    lacking = 0 if numbers is None else numbers.lacking(runs, taken)
    advance = np.ceil(taken + lacking + np.where(last, GAP, 0)) + space
    row_start = _rows(advance, runs, width)
    row = np.repeat(np.arange(len(row_start) - 1), np.diff(row_start))
    left = _lefts(advance, row_start, runs, width)
    starts_span = first | np.concatenate(([True], row[1:] != row[:-1]))
    span_run = np.append(np.flatnonzero(starts_span), len(runs))
    span_row = row[span_run[:-1]]
    mirrored = runs.levels % 2 == 1
    span_left = np.minimum.reduceat(left + np.where(mirrored, space, 0), span_run[:-1])
    span_right = np.maximum.reduceat(left + advance - np.where(mirrored, 0, space), span_run[:-1]) - GAP
    after = advance - before - text_width
    height = cache.line_height
    box = float(np.ceil(height))
    places = None
    if numbers is not None:
        under = numbers.placed(runs.tokens[span_run[:-1]], span_row, span_left, span_right)
        turned = mirrored[span_run[under]]
        left_end = np.minimum(span_left[under] + PADDING, width - numbers.widths)
        places = NumberPlaces(span_row[under], np.where(turned, span_right[under] - PADDING, left_end), turned)
    return TokenLayout(
        runs=runs,
        run_x=left + np.where(mirrored, after, before),
        run_width=text_width,
        run_span=np.cumsum(starts_span) - 1,
        span_token=runs.tokens[span_run[:-1]],
        span_row=span_row,
        span_left=span_left,
        span_right=span_right,
        row_span=np.searchsorted(span_row, np.arange(len(row_start))),
        span_run=span_run,
        box_height=box,
        row_height=box + 2 + (0 if numbers is None else numbers.height),
        box_top=1.0,
        width=width,
        numbers=places,
    )


def _rows(advance: np.ndarray, runs: Runs, width: float) -> np.ndarray:
    """The first run of each row, and the number of runs at the end."""
    ends = np.concatenate(([0.0], np.cumsum(advance)))
    breaks = np.maximum.accumulate(np.where(runs.may_start_row, np.arange(len(runs)), 0))
    starts = [0]
    for paragraph_end in [*(np.flatnonzero(runs.ends_row) + 1).tolist(), len(runs)]:
        while starts[-1] < paragraph_end:
            start = starts[-1]
            fits = int(np.searchsorted(ends, ends[start] + width + GAP, side="right")) - 1
            if fits < paragraph_end:
                fits = int(breaks[fits]) if breaks[fits] > start else max(fits, start + 1)
            starts.append(min(fits, paragraph_end))
    return np.array(starts)


def _lefts(advance: np.ndarray, row_start: np.ndarray, runs: Runs, width: float) -> np.ndarray:
    """The left end of each run; rows of a right-to-left paragraph lean on the right edge."""
    ends = np.cumsum(advance)
    row_begin = np.concatenate(([0.0], ends))[row_start[:-1]]
    left: np.ndarray = ends - advance - np.repeat(row_begin, np.diff(row_start))
    turned = np.searchsorted(row_start, np.flatnonzero(runs.levels), side="right") - 1
    for row in dict.fromkeys(turned.tolist()):  # np.unique would load numpy.ma, for which the window stands still
        here = slice(row_start[row], row_start[row + 1])
        order = visual_order(runs.levels[here])
        edges = np.cumsum(advance[here][order])
        indent = max(np.floor(width - edges[-1]), 0) if runs.bases[here][0] else 0
        left[here][order] = edges - advance[here][order] + indent
    return left


def _with_long_runs_cut(runs: Runs, long: np.ndarray, fonts: StripFonts, width: float) -> Runs:
    """The runs with those at the places `long` cut into pieces of at most `width`."""
    pieces = {int(index): _cut(runs.texts[index], fonts.of(runs.kinds[index]), width) for index in long}
    copies = np.ones(len(runs), int)
    copies[long] = [len(pieces[int(index)]) for index in long]
    source = np.repeat(np.arange(len(runs)), copies)
    last = np.concatenate((source[1:] != source[:-1], [True]))
    texts = [piece for index, text in enumerate(runs.texts) for piece in pieces.get(index, (text,))]
    return replace(
        runs,
        texts=texts,
        tokens=runs.tokens[source],
        kinds=runs.kinds[source],
        ends_row=runs.ends_row[source] & last,
        may_start_row=runs.may_start_row[source],
        after_space=runs.after_space[source] & np.concatenate(([True], source[1:] != source[:-1])),
        levels=runs.levels[source],
        bases=runs.bases[source],
    )


def _cut(text: str, font: QFont, width: float) -> list[str]:
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    units = text.encode("utf-16-le")  # Qt counts in these
    pieces = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(width, 1.0))
        start, end = line.textStart(), line.textStart() + line.textLength()
        pieces.append(units[2 * start : 2 * end].decode("utf-16-le"))
    layout.endLayout()
    return pieces
