"""Paints rows of a laid-out prompt: chips in their colours, texts that can be read on them, and the marks on top."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QStaticText, QTextOption

from engine.protocol.looks import Ramp
from engine.reading.colours import FAINTEST, coloured, inks, is_against, rgb_of
from engine.reading.numbers import LEAST_UNDER, number_under
from engine.reading.units import Units
from inspector.look.theme import Tones
from inspector.views.tokens.strip_fonts import StripFonts
from inspector.views.tokens.token_layout import TokenLayout
from inspector.views.tokens.token_numbers import NumberPlaces, NumberWidths
from inspector.views.tokens.token_runs import RunKind

_STALE = 0.4  # of the colour that a stale answer keeps
_RADIUS = 4.0
_DOTS = 2.0  # their size
_FAINT = 0.5  # signs for what cannot be seen


@dataclass(frozen=True, eq=False)
class Marks:
    """Marked tokens: the target, what is under cursor and pointer or selected, and everything that was found."""

    target: int = -1
    cursor: range = range(0)
    hovered: range = range(0)
    selected: range = range(0)
    generated: range = range(0)
    found: frozenset[int] = field(default_factory=frozenset)
    found_now: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, eq=False)
class Dress:
    """How tokens look: the colours of chips and texts, uint8 (token, 3), and which have a chip, and dots under it."""

    chips: np.ndarray
    inks: np.ndarray
    has_chip: np.ndarray  # bool (token,)
    has_dots: np.ndarray  # bool (token,)
    goes_on: np.ndarray  # bool (token,): its chip is one with that of the token before


def dress(places: np.ndarray, ramp: Ramp, signs: bool, reach: int, stale: bool, t: Tones, units: Units) -> Dress:
    """The look of tokens at these places (token,) of a ramp, from -1 to 1, on the ground of `t`.

    Those from `reach` on cannot matter: they are grey. Of a `stale` answer most of the colour is taken away.
    """
    chips = coloured(places, ramp, t.ground)
    if stale:
        ground = rgb_of(t.base).astype(float)
        chips = (ground + _STALE * (chips - ground)).round().astype(np.uint8)
    inked = inks(chips, t.ground)
    inked[reach:] = rgb_of(t.quiet)
    has_chip = np.abs(places) >= FAINTEST
    has_chip[reach:] = False
    goes_on = np.append(False, units.of_token[1:] == units.of_token[:-1]) & has_chip & np.append(False, has_chip[:-1])
    return Dress(chips, inked, has_chip, is_against(places) & has_chip & signs, goes_on)


class TokenPainter:
    """Keeps what makes painting fast: shaped texts and colours."""

    def __init__(self, fonts: StripFonts) -> None:
        self.fonts = fonts
        self._texts: dict[tuple[str, int, int], tuple[QStaticText, float]] = {}
        self._colours: dict[int, QColor] = {}
        self._numbers: dict[str, tuple[QStaticText, float]] = {}
        self._number_top = NumberWidths(fonts.number).top

    def paint(
        self,
        painter: QPainter,
        layout: TokenLayout,
        dress: Dress,
        rows: range,
        marks: Marks,
        tones: Tones,
        values: np.ndarray,
    ) -> None:
        """Paint `rows` of the layout, with `values` (unit,) under the tokens where it has places for them."""
        if not rows:
            return
        spans = range(int(layout.row_span[rows.start]), int(layout.row_span[rows.stop]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for box in layout.boxes(marks.selected, spans):  # under the chips, whose colours are relevance's alone
            painter.fillRect(box.adjusted(0, -1, 0, 1), QColor(tones.soft))
        self._paint_chips(painter, layout, spans, dress)
        self._paint_pills(painter, layout, spans, dress)
        self._paint_marks(painter, layout, spans, marks, tones)
        self._paint_texts(painter, layout, spans, dress)
        if layout.numbers is not None:
            self._paint_numbers(painter, layout, layout.numbers, rows, values, tones)

    def _paint_chips(self, painter: QPainter, layout: TokenLayout, spans: range, dress: Dress) -> None:
        goes_on = dress.goes_on[layout.span_token[spans.start : spans.stop]]
        which, lefts, rights = layout.chips(spans, goes_on)
        tokens = layout.span_token[which]
        seen = dress.has_chip[tokens]
        which, tokens, lefts, rights = which[seen], tokens[seen], lefts[seen].astype(int), rights[seen].astype(int)
        height = int(layout.box_height)
        tops = (layout.span_row[which] * layout.row_height + layout.box_top).astype(int).tolist()
        widths, has_dots = (rights - lefts).tolist(), dress.has_dots[tokens].tolist()
        chips, texts = _packed(dress.chips[tokens]).tolist(), _packed(dress.inks[tokens]).tolist()
        painter.setPen(Qt.PenStyle.NoPen)
        for x, y, width, rgb, ink, dotted in zip(lefts.tolist(), tops, widths, chips, texts, has_dots, strict=True):
            painter.setBrush(self._colour(rgb))
            painter.drawRoundedRect(x, y, width, height, _RADIUS, _RADIUS)
            if dotted:
                painter.setPen(QPen(self._colour(ink), _DOTS, Qt.PenStyle.DotLine))
                painter.drawLine(x + 3, y + height - 1, x + width - 2, y + height - 1)
                painter.setPen(Qt.PenStyle.NoPen)

    def _paint_pills(self, painter: QPainter, layout: TokenLayout, spans: range, dress: Dress) -> None:
        """Frame what is no text of the prompt."""
        kinds = layout.runs.kinds[layout.span_run[spans.start : spans.stop]]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for place in np.flatnonzero(kinds >= RunKind.SPECIAL).tolist():
            ink = self._colour(int(_packed(dress.inks[layout.span_token[spans.start + place]])))
            style = Qt.PenStyle.SolidLine if kinds[place] == RunKind.SPECIAL else Qt.PenStyle.DotLine
            painter.setPen(QPen(_see_through(ink, 0.55), 1, style))
            pill = layout.rect(spans.start + place).adjusted(1.5, 2.5, -1.5, -2.5)
            painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)

    def _paint_texts(self, painter: QPainter, layout: TokenLayout, spans: range, dress: Dress) -> None:
        runs = range(int(layout.span_run[spans.start]), int(layout.span_run[spans.stop]))
        part = slice(runs.start, runs.stop)
        tops = layout.span_row[layout.run_span[part]] * layout.row_height + layout.box_top
        middles = tops + layout.box_height / 2
        kinds = layout.runs.kinds[part]
        colours = _packed(dress.inks[layout.runs.tokens[part]])
        looks = (colours * len(RunKind) + kinds).tolist()
        keys = zip(
            layout.runs.texts[runs.start : runs.stop], kinds.tolist(), layout.runs.levels[part].tolist(), strict=True
        )
        pen = -1
        for x, y, look, key in zip(layout.run_x[part].tolist(), middles.tolist(), looks, keys, strict=True):
            if look != pen:
                pen = look
                painter.setFont(self.fonts.of(key[1]))
                ink = self._colour(look // len(RunKind))
                painter.setPen(_see_through(ink, _FAINT) if key[1] == RunKind.MARK else ink)
            text, half = self._texts.get(key) or self._shape(key)
            painter.drawStaticText(QPointF(x, y - half), text)

    def _paint_numbers(
        self,
        painter: QPainter,
        layout: TokenLayout,
        places: NumberPlaces,
        rows: range,
        values: np.ndarray,
        tones: Tones,
    ) -> None:
        part = places.between(rows)
        seen = np.flatnonzero(np.abs(np.nan_to_num(values[part])) >= LEAST_UNDER) + part.start
        tops = places.row[seen] * layout.row_height + layout.box_top + layout.box_height + self._number_top
        painter.setFont(self.fonts.number)
        painter.setPen(QColor(tones.quiet))
        numbers = zip(
            values[seen].tolist(), places.x[seen].tolist(), tops.tolist(), places.mirrored[seen].tolist(), strict=True
        )
        for value, x, y, mirrored in numbers:
            written = number_under(value)
            text, width = self._numbers.get(written) or self._shape_number(written)
            painter.drawStaticText(QPointF(x - width if mirrored else x, y), text)

    def _shape_number(self, written: str) -> tuple[QStaticText, float]:
        """A number made ready to draw, and its width."""
        shaped = QStaticText(written)
        shaped.setTextFormat(Qt.TextFormat.PlainText)
        shaped.prepare(font=self.fonts.number)
        known = self._numbers[written] = (shaped, shaped.size().width())
        return known

    def _paint_marks(self, painter: QPainter, layout: TokenLayout, spans: range, marks: Marks, tones: Tones) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        seen = layout.span_token[spans.start : spans.stop].tolist()
        for token in (marks.found - marks.found_now).intersection(seen):
            for rect in _rects(layout, token, spans):
                painter.fillRect(QRectF(rect.left(), rect.bottom() - 1.5, rect.width(), 2.5), QColor(tones.match))
        for token in marks.generated if seen else ():
            if seen[0] <= token <= seen[-1]:
                for rect in _rects(layout, token, spans):
                    painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 2), QColor(tones.accent))
        _outline(painter, layout.boxes(marks.selected, spans), QPen(QColor(tones.accent), 1.5), 0.5, 1)
        hovered = layout.boxes(marks.hovered, spans)
        _outline(painter, hovered, QPen(QColor(tones.edge), 1), 0.5, 0.5)
        for token in marks.found_now:
            _ring(painter, _rects(layout, token, spans), tones.match, tones.base)
        _ring(painter, _rects(layout, marks.target, spans), tones.accent, tones.base)
        cursor = layout.boxes(marks.cursor, spans)
        if marks.cursor == range(marks.target, marks.target + 1):
            _outline(painter, cursor, QPen(QColor(tones.text), 1.5), 1.75, 3)  # around the ring
        else:
            _ring(painter, cursor, tones.text, tones.base)

    def _shape(self, key: tuple[str, int, int]) -> tuple[QStaticText, float]:
        """The text of a (text, kind, level) made ready to draw, and half its height."""
        text, kind, level = key
        shaped = QStaticText(text)
        shaped.setTextFormat(Qt.TextFormat.PlainText)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        if level % 2:
            option.setTextDirection(Qt.LayoutDirection.RightToLeft)
        shaped.setTextOption(option)
        shaped.prepare(font=self.fonts.of(kind))
        known = self._texts[key] = (shaped, shaped.size().height() / 2)
        return known

    def _colour(self, rgb: int) -> QColor:
        known = self._colours.get(rgb)
        if known is None:
            known = self._colours[rgb] = QColor(0xFF000000 | rgb)
        return known


def _packed(colours: np.ndarray) -> np.ndarray:
    """uint8 (..., 3) as one number each, 0xrrggbb."""
    packed: np.ndarray = colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    return packed


def _see_through(colour: QColor, opacity: float) -> QColor:
    faint = QColor(colour)
    faint.setAlphaF(opacity)
    return faint


def _rects(layout: TokenLayout, token: int, spans: range) -> list[QRectF]:
    return [layout.rect(span) for span in layout.spans_of(token) if span in spans] if token >= 0 else []


def _ring(painter: QPainter, rects: Iterable[QRectF], colour: str, base: str) -> None:
    """An outline that stands out from light and from dark boxes alike: it has the background at both its sides."""
    _outline(painter, rects, QPen(QColor(base), 4), 0.5, 1)
    _outline(painter, rects, QPen(QColor(colour), 2), 0.5, 1)


def _outline(painter: QPainter, rects: Iterable[QRectF], pen: QPen, beside: float, above: float) -> None:
    """Frames that far from their boxes. Beside them, the next token's text begins after the gap and its padding."""
    painter.setPen(pen)
    for rect in rects:
        painter.drawRoundedRect(rect.adjusted(-beside, -above, beside, above), _RADIUS + above, _RADIUS + above)
