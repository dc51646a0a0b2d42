"""A prompt with its colours and its layout: everything about a strip that needs no widget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from engine.protocol.looks import Ramp
from engine.protocol.values import Token
from engine.reading.colours import places_on
from engine.reading.units import Units, units_of
from inspector.look.theme import Space, Tones
from inspector.views.tokens.strip_fonts import strip_fonts
from inspector.views.tokens.tick_bar import strongest_of_each
from inspector.views.tokens.token_layout import TokenLayout, WidthCache, lay_out
from inspector.views.tokens.token_painter import Dress, Marks, TokenPainter, dress
from inspector.views.tokens.token_runs import Runs, runs_of

MARGIN = Space.MEDIUM
_TALLEST_IMAGE = 32_000  # pixels; Qt's painter ends at 32,767


class TokenPicture:
    """The layout is computed once for a prompt, a width and a font; another layer only changes colours and numbers."""

    def __init__(self, tokens: Sequence[Token], font: QFont, width: float) -> None:
        self.tokens = tokens
        first = next((i for i, token in enumerate(tokens) if token.generated), len(tokens))
        self.marks = Marks(generated=range(first, len(tokens)))
        self.stale = False
        self._runs: Runs = runs_of(tokens)
        self.units = units_of(tokens, "token")
        self._values = self._places = np.zeros(len(tokens))
        self._extremes: np.ndarray | None = None  # which the numbers have room for
        self._ramp, self._signs, self._reach = Ramp(), True, len(tokens)
        self._dress: tuple[object, Dress] | None = None  # with what it was made for
        self._layout: TokenLayout | None = None
        self.fit(width, font)

    def colour(
        self,
        values: np.ndarray,
        limit: float,
        ramp: Ramp,
        signs: bool,
        reach: int,
        units: Units,
        extremes: np.ndarray | None,
    ) -> None:
        """Give the tokens of each unit the colour of its value (unit,).

        Those from `reach` on cannot matter, and are grey. With `signs` what speaks against is underlined. With
        `extremes`, the least and the largest value that each unit may have (2, unit), its value is written under it.
        """
        if not (_are_same(extremes, self._extremes) and (units is self.units or extremes is None)):
            self._layout = None
        self.units, self._extremes, self._values = units, extremes, values
        self._places = units.spread(places_on(ramp, values, limit))
        self._ramp, self._signs, self._reach = ramp, signs, reach
        self._dress = None

    def fit(self, width: float, font: QFont | None = None) -> None:
        """Lay the tokens out for a picture of `width`."""
        if font is not None:
            fonts = strip_fonts(font)
            self._widths = WidthCache(fonts)
            self._painter = TokenPainter(fonts)
        self.width = width
        self._layout = None

    @property
    def layout(self) -> TokenLayout:
        """The places of all tokens, and of the numbers under them."""
        if self._layout is None:
            room = None if self._extremes is None else self._widths.numbers.room(self.units, self._extremes)
            self._layout = lay_out(self._runs, self._widths, max(self.width - 2 * MARGIN, 60), room)
        return self._layout

    @property
    def size(self) -> QSizeF:
        return QSizeF(self.width, self.layout.height + 2 * MARGIN)

    def token_at(self, point: QPointF) -> int:
        return self.layout.token_at(point - QPointF(MARGIN, MARGIN))

    def first_below(self, y: float) -> int:
        """The first token of the row at `y`; of the first row, 0."""
        row = min(int(y // self.layout.row_height), self.layout.rows - 1)
        return int(self.layout.span_token[self.layout.row_span[row]]) if row else 0

    def top_of(self, token: int) -> int:
        """Where to scroll to for a token's row to be the first in view."""
        return int(self.rects(token)[0].top()) - Space.TIGHT if token else 0

    def rects(self, token: int) -> list[QRectF]:
        """The boxes of a token, one in each row it takes part in."""
        return [self.layout.rect(span).translated(MARGIN, MARGIN) for span in self.layout.spans_of(token)]

    def unit_at(self, token: int) -> range:
        """The tokens that are one with a token; none of -1."""
        is_there = 0 <= token < len(self.tokens)  # beside a longer text it may not be
        return self.units.range_of(int(self.units.of_token[token])) if is_there else range(0)

    def boxes(self, tokens: range) -> list[QRectF]:
        """Where consecutive tokens are, from the top to the bottom."""
        return [box.translated(MARGIN, MARGIN) for box in self.layout.boxes(tokens)]

    def paint(self, painter: QPainter, area: QRectF, tones: Tones) -> None:
        """Paint the rows that `area` touches."""
        rows = self.layout.rows_between(area.top() - MARGIN - Space.TIGHT, area.bottom() - MARGIN + Space.TIGHT)
        painter.save()
        painter.translate(MARGIN, MARGIN)
        self._painter.paint(painter, self.layout, self._dressed(tones), rows, self.marks, tones, self._values)
        painter.restore()

    def _dressed(self, tones: Tones) -> Dress:
        made_for = (tones.ground, self.stale)
        if self._dress is None or self._dress[0] != made_for:
            made = dress(self._places, self._ramp, self._signs, self._reach, self.stale, tones, self.units)
            self._dress = (made_for, made)
        return self._dress[1]

    @property
    def row_strengths(self) -> np.ndarray:
        """The strongest place on the ramp in each row, float (row,), from -1 to 1."""
        seen = np.where(np.arange(len(self.tokens)) < self._reach, self._places, 0.0)
        return strongest_of_each(seen[self.layout.span_token], self.layout.row_span[:-1])

    def image(self, tones: Tones, scale: float) -> QImage:
        """The whole picture; a very long prompt is made smaller so that all of it is on it."""
        scale = min(scale, _TALLEST_IMAGE / self.size.height())
        image = QImage((self.size * scale).toSize(), QImage.Format.Format_RGB32)
        image.fill(QColor(tones.base))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.scale(scale, scale)
        marks, self.marks = self.marks, Marks(target=self.marks.target, generated=self.marks.generated)
        self.paint(painter, QRectF(0, 0, self.size.width(), self.size.height()), tones)
        self.marks = marks
        painter.end()
        image.setDevicePixelRatio(max(scale, 1.0))
        return image


def _are_same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other, equal_nan=True))
