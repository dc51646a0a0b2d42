"""Paints rows of a laid-out prompt: boxes in their colours, texts in black or white, and the marks on top."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QStaticText, QTextOption

from engine.reading.colours import wants_white_text
from inspector.look.theme import Tones
from inspector.views.tokens.token_layout import StripFonts, TokenLayout
from inspector.views.tokens.token_runs import RunKind

_SATURATION_LEFT, _TOWARDS_BACKGROUND = 0.35, 0.2  # of a stale answer
_RADIUS = 4.0
_FAINT = 0.5  # signs for what cannot be seen


@dataclass(frozen=True, eq=False)
class Marks:
    """Marked tokens: at most one each for target, cursor and pointer, and everything that was found."""

    target: int = -1
    cursor: int = -1
    hovered: int = -1
    generated: range = range(0)
    found: frozenset[int] = field(default_factory=frozenset)
    found_now: frozenset[int] = field(default_factory=frozenset)


def faded(colours: np.ndarray, neutral: np.ndarray, tones: Tones) -> np.ndarray:
    """The colours of a stale answer, uint8 (token, 3): most of their difference from `neutral` is taken away."""
    ground = QColor(tones.base)
    base = np.array([ground.red(), ground.green(), ground.blue()])
    paler = neutral + _SATURATION_LEFT * (colours - neutral.astype(float))
    mixed: np.ndarray = (paler + _TOWARDS_BACKGROUND * (base - paler)).round()
    return mixed.astype(np.uint8)


class TokenPainter:
    """Keeps what makes painting fast: shaped texts and colours."""

    def __init__(self, fonts: StripFonts) -> None:
        self.fonts = fonts
        self._texts: dict[tuple[str, int, int], tuple[QStaticText, float]] = {}
        self._colours: dict[int, QColor] = {}

    def paint(
        self, painter: QPainter, layout: TokenLayout, colours: np.ndarray, rows: range, marks: Marks, tones: Tones
    ) -> None:
        """Paint `rows` of the layout; `colours` is uint8 (token, 3)."""
        if not rows:
            return
        spans = range(int(layout.row_span[rows.start]), int(layout.row_span[rows.stop]))
        tokens = layout.span_token[spans.start : spans.stop]
        packed = colours[tokens].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
        white = wants_white_text(colours[tokens])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_boxes(painter, layout, spans, packed, white)
        self._paint_marks(painter, layout, spans, marks, tones)
        self._paint_texts(painter, layout, spans, white)

    def _paint_boxes(
        self, painter: QPainter, layout: TokenLayout, spans: range, packed: np.ndarray, white: np.ndarray
    ) -> None:
        part = slice(spans.start, spans.stop)
        height, inset = int(layout.box_height), (layout.row_height - layout.box_height) / 2
        tops = (layout.span_row[part] * layout.row_height + inset).astype(int).tolist()
        lefts = layout.span_left[part].astype(int)
        widths = (layout.span_right[part].astype(int) - lefts).tolist()
        kinds = layout.runs.kinds[layout.span_run[part]].tolist()
        painter.setPen(Qt.PenStyle.NoPen)
        for x, y, width, rgb, on_white, kind in zip(
            lefts.tolist(), tops, widths, packed.tolist(), white.tolist(), kinds, strict=True
        ):
            painter.setBrush(self._colour(rgb))
            if kind < RunKind.SPECIAL:
                painter.drawRoundedRect(x, y, width, height, _RADIUS, _RADIUS)
                continue
            style = Qt.PenStyle.SolidLine if kind == RunKind.SPECIAL else Qt.PenStyle.DotLine
            painter.setPen(QPen(_ink(on_white, 0.55), 1, style))
            pill = QRectF(x, y, width, height).adjusted(1.5, 2.5, -1.5, -2.5)
            painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
            painter.setPen(Qt.PenStyle.NoPen)

    def _paint_texts(self, painter: QPainter, layout: TokenLayout, spans: range, white: np.ndarray) -> None:
        runs = range(int(layout.span_run[spans.start]), int(layout.span_run[spans.stop]))
        part = slice(runs.start, runs.stop)
        middles = (layout.span_row[layout.run_span[part]] + 0.5) * layout.row_height
        kinds = layout.runs.kinds[part]
        inks = white[layout.run_span[part] - spans.start] + 2 * kinds
        keys = zip(
            layout.runs.texts[runs.start : runs.stop], kinds.tolist(), layout.runs.levels[part].tolist(), strict=True
        )
        pen = -1
        for x, y, ink, key in zip(layout.run_x[part].tolist(), middles.tolist(), inks.tolist(), keys, strict=True):
            if ink != pen:
                pen = ink
                painter.setFont(self.fonts.of(key[1]))
                painter.setPen(_ink(ink % 2, _FAINT if key[1] == RunKind.MARK else 1))
            text, half = self._texts.get(key) or self._shape(key)
            painter.drawStaticText(QPointF(x, y - half), text)

    def _paint_marks(self, painter: QPainter, layout: TokenLayout, spans: range, marks: Marks, tones: Tones) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        seen = layout.span_token[spans.start : spans.stop].tolist()
        for token in (marks.found - marks.found_now).intersection(seen):
            for rect in _rects(layout, token, spans):
                painter.fillRect(QRectF(rect.left(), rect.bottom() + 1, rect.width(), 2.5), QColor(tones.match))
        for token in marks.generated if seen else ():
            if seen[0] <= token <= seen[-1]:
                for rect in _rects(layout, token, spans):
                    painter.fillRect(QRectF(rect.left(), rect.bottom() + 1, rect.width(), 2), QColor(tones.accent))
        hovered = _rects(layout, marks.hovered, spans)
        _outline(painter, hovered, QPen(QColor(tones.quiet), 1), 0.5, 0.5)
        for token in marks.found_now:
            _ring(painter, _rects(layout, token, spans), tones.match, tones.base)
        _ring(painter, _rects(layout, marks.target, spans), tones.text, tones.base)
        cursor = _rects(layout, marks.cursor, spans)
        if marks.cursor == marks.target:
            _outline(painter, cursor, QPen(QColor(tones.accent), 1.5), 1.75, 3)  # around the ring
        else:
            _ring(painter, cursor, tones.accent, tones.base)

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


def _ink(white: bool | int, opacity: float) -> QColor:
    colour = QColor(Qt.GlobalColor.white if white else Qt.GlobalColor.black)
    colour.setAlphaF(opacity)
    return colour


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
