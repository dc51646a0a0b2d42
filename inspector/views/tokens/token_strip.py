"""The prompt as it reads, every token on the colour of its relevance, to be pointed at, walked and searched."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from engine.protocol.looks import Ramp
from engine.protocol.values import Token
from engine.reading.units import Units
from inspector.look.accessible_items import offer_items, tell_current
from inspector.look.card import Card
from inspector.look.numbers import in_tokens
from inspector.views.tokens.find_bar import FindBar
from inspector.views.tokens.token_items import TokenItems
from inspector.views.tokens.token_view import TokenView
from inspector.views.tokens.token_walk import is_step, walk

_CARD_DELAY = 120  # ms
_COPY_TABLE = QKeySequence("Ctrl+Shift+C")
_NEXT_UNIT, _VALUES = QKeySequence("W"), QKeySequence("U")
_STRONGEST = {QKeySequence("N"): 1, QKeySequence("Shift+N"): -1}  # the steps in rank


class TokenStrip(TokenView):
    """A `TokenView` with a cursor, a card of numbers beside the pointer, a find bar and a menu."""

    position_clicked = Signal(int)  # the position to explain
    span_chosen = Signal(object)  # range of tokens to explain together
    token_hovered = Signal(int)  # -1: none
    current_changed = Signal(int)  # by the person; set_current is silent
    zoom_changed = Signal(int)
    unit_requested = Signal()  # words instead of tokens, and so on
    values_requested = Signal()  # under the tokens, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed = self._hovered = -1
        self._column: float | None = None  # kept while walking up and down
        self._card = Card(self)
        self._carded = -1  # the token that the card is about
        self._place = ""  # in the model, where these values are
        self._chooses = True  # a token is chosen to be explained
        self.verticalScrollBar().valueChanged.connect(self._card.hide)
        self._card_timer = QTimer(self)
        self._card_timer.setSingleShot(True)
        self._card_timer.setInterval(_CARD_DELAY)
        self._card_timer.timeout.connect(self._show_hovered)
        self._find = FindBar(self)
        self._find.hide()
        self._find.text_changed.connect(self.find_text)
        self._find.next_clicked.connect(self.find_next)
        self._find.previous_clicked.connect(self.find_previous)
        self._find.closed.connect(self.close_find)
        self.matched.connect(self._find.show_count)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Relevance of each token")
        self.setAccessibleDescription(self._empty_text)
        offer_items(self, TokenItems(self))

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
        known = self._picture
        super().show_relevance(tokens, values, limit, ramp, share_of, signs, reach, units, explained, extremes)
        if self._picture is not known:
            self._card.hide()
            self.find_text(self._find.text() if self._find.isVisible() else "")
        elif self._card.isVisible():
            self._show_card(self._carded)
        self._describe()

    def set_place(self, place: str) -> None:
        """Where in the model the values are, in words for a screen reader: it is said with each token."""
        if place != self._place:
            self._place = place
            self._describe()

    def set_choosing(self, chooses: bool) -> None:
        """Whether a token can be chosen to be explained; it can be walked to in any case."""
        self._chooses = chooses

    def point_at(self, token: int) -> None:
        """Mark what a token is in, as if the pointer were there; -1 takes the mark away."""
        if self._picture is not None and token < len(self._picture.tokens):
            self._mark(hovered=self._picture.unit_at(token))

    def set_stale(self, stale: bool) -> None:
        super().set_stale(stale)
        self._describe()

    def clear(self) -> None:
        super().clear()
        self._card.hide()
        self._describe()

    def set_current(self, position: int) -> None:
        """Put the cursor on a token and bring it into view; -1 takes the cursor away."""
        self._column = None
        self.clear_selection()
        self._set_cursor(position)
        self.reveal(position)
        self._describe()

    def go_to_strongest(self, step: int) -> None:
        """Go `step` ranks down from the token under the cursor, up where negative; without one to the first in rank."""
        if self._facts is not None:
            self._move_to(self._facts.beside_in_size(self.current(), step))
            self._show_card(self.current())

    def copy_image(self) -> None:
        """Put the whole prompt on the clipboard as a picture."""
        if self._picture is not None:
            QGuiApplication.clipboard().setImage(self.image())

    def copy_tsv(self) -> None:
        """Put tokens and values on the clipboard as a table, of what is selected or else of all."""
        if self._facts is not None:
            QGuiApplication.clipboard().setText(self.tsv())

    # -- find ---------------------------------------------------------------------------------------------------------

    def open_find(self) -> None:
        """Show the find bar and let it take what is typed."""
        self._find.show()
        self._place_find()
        self._find.take_focus()
        self.find_text(self._find.text())

    def close_find(self) -> None:
        self._find.hide()
        self._place_find()
        self.find_text("")
        self.setFocus()

    def _place_find(self) -> None:
        height = 0 if self._find.isHidden() else self._find.sizeHint().height()
        self.setViewportMargins(0, height, 0, 0)
        self._find.setGeometry(0, 0, self.width(), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._find.setGeometry(0, 0, self.width(), self._find.height())

    # -- mouse --------------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        token = self.token_at(event.position().toPoint())
        if self._pressed < 0 or not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(token)
        elif token >= 0 and (token != self._pressed or self.selected()):
            self.select(self._pressed, token)
            self._show_card(token)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear_selection()
            self._pressed = self.token_at(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, -1
        if self._ends is not None and pressed >= 0:
            self._extend(*self._ends)
        elif pressed >= 0 and pressed == self.token_at(event.position().toPoint()):
            self._move_to(pressed)
            self._choose(pressed)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)
            self._hover(self.token_at(event.position().toPoint()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._picture is None:
            return
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        token = self.token_at(event.pos()) if by_mouse else self.current()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        explain = menu.addAction("Explain this position", partial(self.position_clicked.emit, token))
        explain.setEnabled(token >= 0 and self._chooses)
        if self.selected() and self._chooses:
            menu.addAction("Explain the selection together", partial(self.span_chosen.emit, self.selected()))
        menu.addSeparator()
        menu.addAction("Find …", QKeySequence(QKeySequence.StandardKey.Find), self.open_find)
        menu.addSeparator()
        menu.addAction("Copy as image", QKeySequence(QKeySequence.StandardKey.Copy), self.copy_image)
        menu.addAction(f"Copy {'selection ' if self.selected() else ''}as table (TSV)", _COPY_TABLE, self.copy_tsv)
        menu.addSeparator()
        menu.addAction("Larger text", QKeySequence(QKeySequence.StandardKey.ZoomIn), partial(self._zoom_by, 1))
        menu.addAction("Smaller text", QKeySequence(QKeySequence.StandardKey.ZoomOut), partial(self._zoom_by, -1))
        menu.popup(event.globalPos())

    # -- keys ---------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._action_of(event):
            event.accept()  # ours before the window's, while the strip has the focus
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (action := self._action_of(event)) is not None:
            action()
        elif self._picture is not None and is_step(event):
            self._walk(event)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._card.hide()

    def _action_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        pressed = QKeySequence(event.keyCombination())
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.copy_tsv if self.selected() else self.copy_image
        if pressed == _COPY_TABLE:
            return self.copy_tsv
        if event.matches(QKeySequence.StandardKey.Find):
            return self.open_find
        if event.matches(QKeySequence.StandardKey.ZoomIn) or pressed == QKeySequence("Ctrl+="):
            return partial(self._zoom_by, 1)
        if event.matches(QKeySequence.StandardKey.ZoomOut):
            return partial(self._zoom_by, -1)
        if pressed == QKeySequence("Ctrl+0"):
            return partial(self._zoom_by, -self.zoom())
        if pressed == _NEXT_UNIT:
            return self.unit_requested.emit
        if pressed == _VALUES:
            return self.values_requested.emit
        if pressed in _STRONGEST and self._facts is not None:
            return partial(self.go_to_strongest, _STRONGEST[pressed])
        if event.key() == Qt.Key.Key_Escape and self.selected():
            return self._drop_selection
        if event.key() == Qt.Key.Key_Escape and not self._find.isHidden():
            return self.close_find
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
        if is_enter and self.selected() and self._chooses:
            return partial(self.span_chosen.emit, self.selected())
        if is_enter and self.current() >= 0:
            return partial(self._choose, self.current())
        return None

    def _walk(self, event: QKeyEvent) -> None:
        assert self._picture is not None
        layout, current = self._picture.layout, self.current()
        if current < 0:
            self._move_to(max(self._picture.marks.target, 0))
            self._show_card(self.current())
            return
        column = self._column
        if column is None:
            column = layout.rect(layout.spans_of(current)[0]).center().x()
        page = max(int(self.viewport().height() // layout.row_height) - 1, 1)
        start = self._ends[0] if self._ends is not None else current
        landed = walk(layout, current, event, column, page)
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            landed = self._picture.units.beside(current, landed - current)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._extend(start, landed)
        else:
            self.clear_selection()
            self._move_to(landed)
        vertical = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        self._column = column if event.key() in vertical else None
        self._show_card(self.current())

    def _extend(self, start: int, end: int) -> None:
        """Select up to `end`, where the cursor goes."""
        self._move_to(end)
        self.select(start, end)
        self._show_card(end)
        self._describe()

    def _choose(self, token: int) -> None:
        if self._chooses:
            self.position_clicked.emit(token)

    def _drop_selection(self) -> None:
        self.clear_selection()
        self._card.hide()
        self._describe()

    def _move_to(self, token: int) -> None:
        if token != self.current():
            self.set_current(token)
            tell_current(self)
            self.current_changed.emit(token)

    def _zoom_by(self, steps: int) -> None:
        self.set_zoom(self.zoom() + steps)
        self._card.hide()
        self.zoom_changed.emit(self.zoom())

    # -- numbers ------------------------------------------------------------------------------------------------------

    def _hover(self, token: int) -> None:
        if self._picture is None or token == self._hovered:
            return
        self._hovered = token
        self.point_at(token)
        is_offered = token >= 0 and self._chooses
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if is_offered else Qt.CursorShape.ArrowCursor)
        self._card.hide()
        if token >= 0:
            self._card_timer.start()
        else:
            self._card_timer.stop()
        self.token_hovered.emit(token)

    def _show_hovered(self) -> None:
        if self._picture is not None:
            self._show_card(self._hovered)

    def _show_card(self, token: int) -> None:
        if self._facts is None or not (rects := self.token_rects(token)):
            self._card.hide()
            return
        self._carded = token
        area = QRect(self.viewport().mapToGlobal(rects[0].topLeft()), rects[0].size())
        if token in (span := self.selected()):
            self._card.show_near(area, self._facts.title_of(span), self._facts.rows_of(span))
        else:
            self._card.show_near(area, self._facts.title(token), self._facts.rows(token))

    def _describe(self) -> None:
        current = self.current()
        if self._facts is None or self._picture is None:
            self.setAccessibleDescription(self._empty_text)
            return
        if span := self.selected():
            text = self._facts.sentence_of(span)
        elif current >= 0:
            text = self._facts.sentence(current)
        else:
            text = f"{in_tokens(len(self._facts.tokens))}; the arrow keys walk through them, N by size of relevance"
        parts = (text, self._place, "stale" if self._picture.stale else "")
        self.setAccessibleDescription(", ".join(part for part in parts if part))
