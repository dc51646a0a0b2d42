"""A scrolling area that shows a coloured prompt. What the mouse and the keys do with it is in `token_strip`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from engine.protocol.looks import Ramp
from engine.protocol.values import Token
from engine.reading.units import Units, units_of
from inspector.look.overlays import paint_empty, paint_focus, paint_stale_tag
from inspector.look.theme import tones
from inspector.views.tokens.strip_fonts import is_low, text_font
from inspector.views.tokens.tick_bar import TickBar
from inspector.views.tokens.token_facts import TokenFacts
from inspector.views.tokens.token_picture import TokenPicture
from inspector.views.tokens.token_search import matches

_EMPTY = "The prompt appears here, each token coloured by its relevance."
_ZOOM_RANGE = (-6, 15)


class TokenView(QAbstractScrollArea):
    """Paints what is visible of a prompt; keeps its place when its width or its font changes."""

    matched = Signal(int, int)  # which match is shown, counted from 1, and how many there are

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: TokenPicture | None = None
        self._facts: TokenFacts | None = None
        self._zoom = 0
        self._is_low = True
        self._revealed = -1  # what was scrolled to last
        self._empty_text = _EMPTY
        self._matches: list[range] = []
        self._match = -1
        self._bar = TickBar()
        self.setVerticalScrollBar(self._bar)
        self._ramp = Ramp()
        self._cursor = -1
        self._ends: tuple[int, int] | None = None  # of the selection: where it began, and where it is now
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Base)

    def show_relevance(
        self,
        tokens: Sequence[Token],
        values: np.ndarray,
        limit: float,
        ramp: Ramp,
        share_of: float | None = None,
        signs: bool = True,
        reach: int | None = None,
        units: Units | None = None,
        explained: float = math.inf,
        extremes: np.ndarray | None = None,
    ) -> None:
        """Colour `tokens` by `values` (unit,); the colours end at ± `limit`. Shares are of `share_of`, in logits.

        Without `units` each token is one. With `signs` what speaks against is underlined. Tokens from `reach` on
        cannot matter: they are grey; of those from `explained` on nothing is known yet. With `extremes`, the least and
        the largest value of each unit at any layer, (2, unit), its value stands under it. Where tokens are only added
        at the end, cursor and place stay.
        """
        if not tokens:
            self.clear()
            return
        known = self._picture
        is_same = known is not None and (tokens is known.tokens or tokens == known.tokens)
        picture = known if known is not None and is_same else TokenPicture(tokens, self._font(), self._room())
        if not is_same and (known is None or tuple(tokens[: len(known.tokens)]) != tuple(known.tokens)):
            self.verticalScrollBar().setValue(0)
            self._cursor, self._ends = -1, None
        seen, before = (picture.first_below(self._top()), picture.layout) if is_same else (0, None)
        self._picture = picture
        merged = units_of(tokens, "token") if units is None else units
        self._facts = TokenFacts(tokens, merged, np.asarray(values), share_of, explained)
        reached = len(tokens) if reach is None else reach
        picture.colour(np.asarray(values), limit, ramp, signs, reached, merged, extremes)
        if picture.layout is not before:
            self._keep(seen)
        self._set_cursor(self._cursor)
        self._mark(selected=self.selected())
        picture.stale = False
        self._ramp = ramp
        self._update_ticks()
        self.viewport().update()

    def set_target_position(self, position: int | None) -> None:
        """Mark the position that is explained."""
        self._mark(target=-1 if position is None else position)

    def set_stale(self, stale: bool) -> None:
        """Mark what is shown as the answer to an earlier question."""
        if self._picture is not None and stale != self._picture.stale:
            self._picture.stale = stale
            self.viewport().update()

    def set_empty_text(self, text: str) -> None:
        """What to read where no prompt is shown."""
        if text != self._empty_text:
            self._empty_text = text
            if self._picture is None:
                self.viewport().update()

    def clear(self) -> None:
        self._picture = self._facts = self._ends = None
        self.find_text("")
        self._update_scroll_range()
        self._update_ticks()
        self.viewport().update()

    def current(self) -> int:
        """The token under the cursor, or -1."""
        return -1 if self._picture is None else self._cursor

    @property
    def facts(self) -> TokenFacts | None:
        """What is known of each token; None where none is shown."""
        return self._facts

    def token_at(self, point: QPoint) -> int:
        """The token at a point of the viewport, or -1."""
        return -1 if self._picture is None else self._picture.token_at((point + QPoint(0, self._top())).toPointF())

    def select(self, start: int, end: int) -> None:
        """Select the tokens from one to another, whichever comes first, and what is one with them."""
        self._ends = (start, end)
        self._mark(selected=self.selected())

    def clear_selection(self) -> None:
        self._ends = None
        self._mark(selected=range(0))

    def selected(self) -> range:
        """The tokens that are selected; none where nothing is."""
        if self._picture is None or self._ends is None:
            return range(0)
        first, last = (self._picture.unit_at(token) for token in sorted(self._ends))
        return range(first.start, last.stop)

    def find_text(self, text: str) -> int:
        """Mark every occurrence of `text` and go to the first at or after the cursor; how many there are."""
        self._matches = [] if self._picture is None else matches(self._picture.tokens, text)
        after = (index for index, found in enumerate(self._matches) if found.start >= self.current())
        self._go_to_match(next(after, 0))
        return len(self._matches)

    def find_next(self) -> None:
        self._go_to_match(self._match + 1)

    def find_previous(self) -> None:
        self._go_to_match(self._match - 1)

    def zoom(self) -> int:
        return self._zoom

    def set_zoom(self, steps: int) -> None:
        """Each step makes the text a tenth larger or smaller."""
        self._zoom = max(_ZOOM_RANGE[0], min(steps, _ZOOM_RANGE[1]))
        self._fit()

    def token_rects(self, position: int) -> list[QRect]:
        """Where a token is on the viewport: one rectangle for each row it takes part in."""
        if self._picture is None:
            return []
        return [rect.translated(0, -self._top()).toAlignedRect() for rect in self._picture.rects(position)]

    def image(self) -> QImage:
        """The whole prompt as a picture, two pixels to a point. Null where none is shown."""
        return QImage() if self._picture is None else self._picture.image(tones(self.palette()), 2)

    def wanted_height(self) -> int:
        """What the whole prompt takes at this width."""
        picture = 0 if self._picture is None else int(np.ceil(self._picture.size.height()))
        return picture + self.height() - self.viewport().height()

    def tsv(self) -> str:
        """Tokens and values as a table, of what is selected or else of all; empty where none is shown."""
        return "" if self._facts is None else self._facts.tsv(self.selected() or None)

    def sizeHint(self) -> QSize:
        return QSize(720, 420)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        t = tones(self.palette())
        painter.fillRect(event.rect(), QColor(t.base))
        if self._picture is None:
            paint_empty(painter, self.viewport().rect(), self._empty_text, t)
        else:
            painter.translate(0, -self._top())
            self._picture.paint(painter, QRectF(event.rect().translated(0, self._top())), t)
            painter.resetTransform()
            if self._picture.stale:
                paint_stale_tag(painter, self.viewport().rect(), t)
        if self.hasFocus():
            paint_focus(painter, self.viewport().rect(), t)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        was_seen = self._is_seen(self._revealed, event.oldSize().height())
        was_low, self._is_low = self._is_low, is_low(self)
        if self._picture is not None and (self._picture.width != self._room() or self._is_low != was_low):
            self._fit()
        self._update_scroll_range()
        if was_seen:
            self.reveal(self._revealed)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        match event.type():
            case QEvent.Type.FontChange | QEvent.Type.ApplicationFontChange:
                self._fit()
            case QEvent.Type.PaletteChange:
                self.viewport().update()

    def _font(self) -> QFont:
        return text_font(self, self._is_low, self._zoom)

    def _room(self) -> int:
        """The width for the prompt: the scroll bar's place is kept free, or its coming would change the layout."""
        return self.contentsRect().width() - self.verticalScrollBar().sizeHint().width()

    def _fit(self) -> None:
        if self._picture is None:
            return
        seen = self._picture.first_below(self._top())
        self._picture.fit(self._room(), self._font())
        self._update_ticks()
        self._keep(seen)
        self.viewport().update()

    def _keep(self, seen: int) -> None:
        """Leave a token's row the first in view, after the layout has changed."""
        self._update_scroll_range()
        if self._picture is not None and seen:
            self.verticalScrollBar().setValue(self._picture.top_of(seen))

    def _update_scroll_range(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        needed = 0 if self._picture is None else int(np.ceil(self._picture.size.height()))
        bar.setRange(0, max(needed - height, 0))
        bar.setPageStep(height)
        bar.setSingleStep(0 if self._picture is None else int(self._picture.layout.row_height))

    def _update_ticks(self) -> None:
        strengths = np.zeros(0) if self._picture is None else self._picture.row_strengths
        self._bar.show_ticks(strengths, self._ramp)

    def _top(self) -> int:
        return self.verticalScrollBar().value()

    def _go_to_match(self, index: int) -> None:
        count = len(self._matches)
        self._match = index % count if count else -1
        now = self._matches[self._match] if count else range(0)
        self._mark(found=frozenset(chain(*self._matches)), found_now=frozenset(now))
        self.reveal(now.start if count else -1)
        self.matched.emit(self._match + 1, count)

    def _set_cursor(self, token: int) -> None:
        """Put the cursor on a token, and mark what it is in."""
        if self._picture is not None:
            self._cursor = token
            self._mark(cursor=self._picture.unit_at(token))

    def _mark(self, **changes: Any) -> None:
        if self._picture is None:
            return
        marks = replace(self._picture.marks, **changes)
        if marks != self._picture.marks:
            self._picture.marks = marks
            self.viewport().update()

    def _is_seen(self, position: int, height: int) -> bool:
        """Whether a token is in view, where so much of the tokens is."""
        rects = self.token_rects(position)
        return bool(rects) and rects[0].bottom() >= 0 and rects[0].top() < height

    def reveal(self, position: int) -> None:
        """Scroll just as far as needed to what a token is in, with a row to spare; of what is too high, to its top."""
        self._revealed = position
        if self._picture is None or not (boxes := self._picture.boxes(self._picture.unit_at(position))):
            return
        spare, height = self._picture.layout.row_height, self.viewport().height()
        top, bottom = boxes[0].top() - spare, boxes[-1].bottom() + spare
        if top < self._top() or bottom - top > height:
            self.verticalScrollBar().setValue(int(top))
        elif bottom > self._top() + height:
            self.verticalScrollBar().setValue(int(bottom) - height)
