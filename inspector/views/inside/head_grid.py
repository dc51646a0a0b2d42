"""Every head of every block as a cell in colour, the first block at the bottom, to be pointed at, walked and chosen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine.protocol.looks import Ground, Ramp
from engine.reading.colours import colours
from inspector.look.accessible_items import offer_items, tell_current
from inspector.look.card import Card
from inspector.look.labels import smaller
from inspector.look.overlays import paint_stale_tag
from inspector.look.theme import Space, Tones, tones
from inspector.views.inside.head_facts import HeadFacts, Place
from inspector.views.inside.head_items import HeadItems

_LEAST, _MOST = QSize(24, 8), QSize(48, 24)  # of a cell, in points
_STALE = 0.4  # of the opacity
_EVERY = (1, 2, 5, 10, 20, 50, 100)  # numbers on an axis
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (1, 0),
    Qt.Key.Key_Down: (-1, 0),
}
_NOTHING = "Heads of all blocks"


class HeadGrid(QWidget):
    """A grid as wide and high as there is room for, and never so small that cells cannot be told apart."""

    chosen = Signal(int, int)  # block, head
    hovered = Signal(int)  # the token that the head under the pointer gave most; -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: HeadFacts | None = None
        self._limit, self._ramp = 1.0, Ramp()
        self._images: dict[Ground, QImage] = {}
        self._current: Place | None = None
        self._pointed: Place | None = None
        self._stale = False
        self._card = Card(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_NOTHING)
        offer_items(self, HeadItems(self))
        self._describe()

    @property
    def facts(self) -> HeadFacts | None:
        """What is on show."""
        return self._facts

    def show_heads(self, facts: HeadFacts, limit: float, ramp: Ramp) -> None:
        """Show every head; colours end at ± `limit` logits."""
        self._facts, self._limit, self._ramp = facts, limit, ramp
        self._images.clear()
        self._card.hide()
        self._pointed = None
        self.setMinimumSize(self.minimumSizeHint())
        self.updateGeometry()
        self._describe()
        self.update()

    def set_current(self, place: Place | None) -> None:
        """Put the cursor on a head; None takes it away."""
        if place != self._current:
            self._current = place
            self._describe()
            self.update()

    def current(self) -> Place | None:
        return self._current

    def set_stale(self, stale: bool) -> None:
        """Mark the cells as those of an earlier question."""
        if stale != self._stale:
            self._stale = stale
            self._describe()
            self.update()

    def clear(self) -> None:
        self._facts = None
        self._card.hide()
        self._describe()
        self.update()

    # -- where things are ---------------------------------------------------------------------------------------------

    def cell_size(self) -> QSize:
        """Of one cell."""
        if self._facts is None:
            return _LEAST
        room = self._room()
        width = min(max(room.width() // self._facts.heads, _LEAST.width()), _MOST.width())
        height = min(max(room.height() // self._facts.blocks, _LEAST.height()), _MOST.height())
        return QSize(width, height)

    def cell_rect(self, place: Place) -> QRect:
        """Where a head is."""
        assert self._facts is not None
        size, (block, head) = self.cell_size(), place
        top = self._top() + (self._facts.blocks - 1 - block) * size.height()
        return QRect(QPoint(self._left() + head * size.width(), top), size)

    def cell_at(self, point: QPoint) -> Place | None:
        """The head at a point, or none."""
        if self._facts is None:
            return None
        size = self.cell_size()
        row, head = (point.y() - self._top()) // size.height(), (point.x() - self._left()) // size.width()
        place = self._facts.blocks - 1 - row, head
        return place if self._facts.has(*place) else None

    def minimumSizeHint(self) -> QSize:
        if self._facts is None:
            return QSize(self._left() + 8 * _LEAST.width(), 120)
        heads, blocks = self._facts.heads, self._facts.blocks
        around = QSize(self._left() + Space.TIGHT, self._top() + self._bottom())
        return QSize(heads * _LEAST.width(), blocks * _LEAST.height()) + around

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def _room(self) -> QSize:
        return self.size() - QSize(self._left() + Space.TIGHT, self._top() + self._bottom())

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(smaller(self.font()))

    def _left(self) -> int:
        return self._metrics().horizontalAdvance("999") + Space.SMALL

    def _top(self) -> int:
        return self._metrics().height() + Space.TIGHT

    def _bottom(self) -> int:
        return self._metrics().height() + Space.TIGHT

    # -- keys and mouse -----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = None if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier else _STEPS.get(Qt.Key(event.key()))
        if self._facts is None or step is None:
            super().keyPressEvent(event)
        elif self._current is None:
            self._choose(self._largest())
        else:
            place = self._current[0] + step[0], self._current[1] + step[1]
            if self._facts.has(*place):
                self._choose(place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.cell_at(event.position().toPoint())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.cell_at(event.position().toPoint())
        if place == self._pointed:
            return
        self._pointed = place
        self.update()
        self.hovered.emit(-1 if place is None or self._facts is None else self._facts.strongest(*place))
        if place is None or self._facts is None:
            self._card.hide()
            return
        area = self.cell_rect(place)
        title = f"{self._facts.title(*place)}: {self._facts.value(*place)}"
        self._card.show_near(
            QRect(self.mapToGlobal(area.topLeft()), area.size()), title, [(self._facts.place(*place), "")]
        )

    def leaveEvent(self, event: QEvent) -> None:
        self._pointed = None
        self._card.hide()
        self.hovered.emit(-1)
        self.update()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _largest(self) -> Place:
        assert self._facts is not None
        at = np.abs(np.nan_to_num(self._facts.relevance)).argmax()
        block, head = np.unravel_index(at, self._facts.relevance.shape)
        return int(block), int(head)

    def _choose(self, place: Place) -> None:
        if place != self._current:
            self.set_current(place)
            tell_current(self)
            self.chosen.emit(*place)

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), tones(self.palette())
        painter.fillRect(event.rect(), QColor(t.base))
        if self._facts is None:
            return
        first, last = self.cell_rect((0, 0)), self.cell_rect((self._facts.blocks - 1, self._facts.heads - 1))
        area = first.united(last)
        painter.setOpacity(_STALE if self._stale else 1.0)
        painter.drawImage(area, self._image(t))
        self._paint_lines(painter, area, t)
        painter.setOpacity(1.0)
        self._paint_axes(painter, area, t)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._pointed is not None:
            painter.setPen(QPen(QColor(t.edge), 1))
            painter.drawRect(self.cell_rect(self._pointed).adjusted(0, 0, -1, -1))
        if self._current is not None and self._facts.has(*self._current):
            frame = self.cell_rect(self._current).adjusted(-1, -1, 0, 0)
            painter.setPen(QPen(QColor(t.base), 4 if self.hasFocus() else 3))
            painter.drawRect(frame)
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRect(frame)
        if self._stale:
            paint_stale_tag(painter, self.rect(), t)

    def _image(self, t: Tones) -> QImage:
        """A pixel for each head, the last block on top."""
        if t.ground not in self._images:
            assert self._facts is not None
            values = np.nan_to_num(self._facts.relevance)[::-1]
            pixels = np.ascontiguousarray(colours(values, self._limit, self._ramp, t.ground))
            rows, columns = values.shape
            self._images[t.ground] = QImage(
                pixels.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888
            ).copy()
        return self._images[t.ground]

    def _paint_lines(self, painter: QPainter, area: QRect, t: Tones) -> None:
        """Between the cells, in the colour of the ground."""
        size = self.cell_size()
        painter.setPen(QPen(QColor(t.base), 1))
        for x in range(area.left() + size.width(), area.right(), size.width()):
            painter.drawLine(x - 1, area.top(), x - 1, area.bottom())
        for y in range(area.top() + size.height(), area.bottom(), size.height()):
            painter.drawLine(area.left(), y - 1, area.right(), y - 1)
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawRect(area.adjusted(-1, -1, 0, 0))

    def _paint_axes(self, painter: QPainter, area: QRect, t: Tones) -> None:
        """Titles, and as many numbers as there is room for; those of the cursor in its colour."""
        assert self._facts is not None
        painter.setFont(smaller(self.font()))
        metrics, size = painter.fontMetrics(), self.cell_size()
        painter.setPen(QColor(t.quiet))
        title = QRect(0, 0, self.width(), self._top() - Space.HAIR)
        painter.drawText(title.adjusted(area.left(), 0, 0, 0), Qt.AlignmentFlag.AlignLeft, "block × head")
        block, head = self._current or (-1, -1)
        wide = metrics.horizontalAdvance("99") + Space.TIGHT
        for number in _numbers(self._facts.blocks, size.height(), metrics.height(), block):
            cell = self.cell_rect((number, 0))
            place = QRect(0, cell.center().y() - metrics.height() // 2, area.left() - Space.TIGHT, metrics.height())
            self._paint_number(painter, place, number, number == block, t, Qt.AlignmentFlag.AlignRight)
        for number in _numbers(self._facts.heads, size.width(), wide, head):
            cell = self.cell_rect((0, number))
            place = QRect(cell.left() - wide, area.bottom() + Space.HAIR, cell.width() + 2 * wide, metrics.height())
            self._paint_number(painter, place, number, number == head, t, Qt.AlignmentFlag.AlignHCenter)

    def _paint_number(
        self, painter: QPainter, place: QRect, number: int, is_current: bool, t: Tones, side: Qt.AlignmentFlag
    ) -> None:
        painter.setPen(QColor(t.accent if is_current else t.quiet))
        painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, str(number))

    def _describe(self) -> None:
        if self._facts is None:
            text = "None are on show"
        elif self._current is not None and self._facts.has(*self._current):
            place = self._current
            text = f"{self._facts.title(*place)}, {self._facts.value(*place)}, {self._facts.place(*place)}"
        else:
            text = f"{self._facts.blocks} blocks of {self._facts.heads} heads; the arrow keys walk through them"
        self.setAccessibleDescription(", ".join((text, *(["stale"] if self._stale else []))))


def _numbers(count: int, step: int, room: int, current: int) -> list[int]:
    """Which of 0 to `count` have a number, `room` points for each; what is too near to the current one gives way."""
    every = next((each for each in _EVERY if each * step >= room), count)
    near = [number for number in range(0, count, every) if number == current or abs(number - current) * step >= room]
    return sorted({*near, *([current] if 0 <= current < count else [])})
