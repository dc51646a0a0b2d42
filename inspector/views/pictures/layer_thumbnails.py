"""The layers of a vision model as a row of small heatmaps, each on the grid that its places make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from engine.protocol.looks import Ramp
from inspector.look.numbers import signed
from inspector.look.overlays import paint_empty, paint_focus, paint_stale_tag
from inspector.look.theme import Space, tones
from inspector.views.pictures.heatmap import Heatmap, paint_pixels

_EMPTY = "The relevance at each layer appears here as a small picture."
_EXTRAS = "Of the tokens that are nowhere on the picture, such as the class token: "
_NO_GRID = "not a picture here"
_SMALLEST = 40  # points, of a map
_MARGIN = 3  # of the ring around the current one
_RING = 2
_STALE = 0.4  # of the opacity of an earlier question's colours


@dataclass(frozen=True, eq=False)
class _Thumbnail:
    label: str
    map: Heatmap | None
    extras: Heatmap | None  # one pixel each, in a row
    caption: str  # of the extras


class LayerThumbnails(QAbstractScrollArea):
    """A row of heatmaps, walked with the arrow keys, as high as there is room, scrolled sideways."""

    layer_clicked = Signal(int)  # its place in the list
    opened = Signal()  # the block that the layer with the ring enters

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails: tuple[_Thumbnail, ...] = ()
        self._current: int | None = None
        self._stale = False
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Relevance at each layer")
        self._describe()

    def show_layers(
        self,
        maps: Sequence[np.ndarray | None],
        limits: Sequence[float],
        labels: Sequence[str],
        current: int | None,
        ramp: Ramp,
        extras: Sequence[np.ndarray] = (),
    ) -> None:
        """Show a map (row, column) a layer, in logits, whose colours end at ± its limit; None has no grid.

        `extras` (token,) of each layer are the class and register tokens, which are nowhere on the picture.
        """
        self._thumbnails = tuple(
            _Thumbnail(
                label,
                None if values is None else Heatmap(values, limit, ramp),
                *_besides(extras[index] if extras else np.zeros(0), limit, ramp),
            )
            for index, (values, limit, label) in enumerate(zip(maps, limits, labels, strict=True))
        )
        self._settle()
        self._set_current(current)

    def set_stale(self, stale: bool) -> None:
        """Show that these are of an earlier question."""
        if stale != self._stale:
            self._stale = stale
            self.viewport().update()

    def clear(self) -> None:
        self._thumbnails = ()
        self._settle()
        self._set_current(None)

    def current(self) -> int | None:
        """The layer that is ringed."""
        return self._current

    def map_rect(self, index: int) -> QRect:
        """Where the map of a layer is on the viewport."""
        side = self._side()
        left = Space.SMALL + index * self._stride() - self.horizontalScrollBar().value()
        return QRect(left, self._extras_height() + Space.SMALL, side, side)

    def sizeHint(self) -> QSize:
        return QSize(720, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, _SMALLEST + 2 * self.fontMetrics().height() + 3 * Space.SMALL)

    # -- pointer and keys ---------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._choose(index)

    def viewportEvent(self, event: QEvent) -> bool:
        """Say under the pointer what the squares above a map are."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self.viewport())
            return True
        return super().viewportEvent(event)

    def tip_at(self, point: QPoint) -> str:
        """What is said of the squares at a point of the viewport."""
        index = self._index_at(point)
        if index is None or point.y() > self._extras_height():
            return ""
        caption = self._thumbnails[index].caption
        return f"{_EXTRAS}{caption} logits" if caption else ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """There is one way to scroll, whichever way the wheel turns."""
        turned = event.angleDelta().x() or event.angleDelta().y()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - turned * self._stride() // 120)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._thumbnails) - 1
        here = -1 if self._current is None else self._current
        places = {
            Qt.Key.Key_Right: min(here + 1, last),
            Qt.Key.Key_Down: min(here + 1, last),
            Qt.Key.Key_Left: max(here - 1, 0),
            Qt.Key.Key_Up: max(here - 1, 0),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if last >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
            return
        if last < 0 or event.key() not in places:
            super().keyPressEvent(event)
            return
        self._choose(places[Qt.Key(event.key())])

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()
        self._reveal()

    def _choose(self, index: int) -> None:
        if index != self._current:
            self._set_current(index)
            self.layer_clicked.emit(index)

    def _set_current(self, index: int | None) -> None:
        self._current = index
        self._reveal()
        self._describe()
        self.viewport().update()

    def _index_at(self, point: QPoint) -> int | None:
        index = (point.x() + self.horizontalScrollBar().value() - Space.SMALL // 2) // self._stride()
        return index if 0 <= index < len(self._thumbnails) else None

    # -- where things are ---------------------------------------------------------------------------------------------

    def _side(self) -> int:
        """Of a map; whether there is a scroll bar makes no difference, for its coming would be its going."""
        room = self.height() - self.horizontalScrollBar().sizeHint().height()
        label = self.fontMetrics().height() + Space.TIGHT
        return max(room - self._extras_height() - label - 2 * Space.SMALL, _SMALLEST)

    def _stride(self) -> int:
        widest = max((self.fontMetrics().horizontalAdvance(each.label) for each in self._thumbnails), default=0)
        return max(self._side(), widest) + Space.MEDIUM

    def _extras_height(self) -> int:
        shown = any(each.extras is not None for each in self._thumbnails)
        return self.fontMetrics().height() + Space.TIGHT if shown else 0

    def _settle(self) -> None:
        bar, room = self.horizontalScrollBar(), self.viewport().width()
        bar.setPageStep(room)
        bar.setSingleStep(self._stride() // 2)
        bar.setRange(0, max(len(self._thumbnails) * self._stride() + Space.SMALL - room, 0))

    def _reveal(self) -> None:
        if self._current is not None and self._thumbnails:
            bar, left = self.horizontalScrollBar(), self._current * self._stride()
            bar.setValue(min(max(bar.value(), left + self._stride() + Space.SMALL - self.viewport().width()), left))

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.palette().base())
        if not self._thumbnails:
            paint_empty(painter, self.viewport().rect(), _EMPTY, t)
        for index, thumbnail in enumerate(self._thumbnails):
            place = self.map_rect(index)
            if place.right() + self._stride() >= event.rect().left() and place.left() <= event.rect().right():
                self._paint_thumbnail(painter, place, thumbnail, index == self._current)
        if self._stale and self._thumbnails:
            paint_stale_tag(painter, self.viewport().rect(), t)
        if self.hasFocus():
            paint_focus(painter, self.viewport().rect(), t)

    def _paint_thumbnail(self, painter: QPainter, place: QRect, thumbnail: _Thumbnail, is_current: bool) -> None:
        t = tones(self.palette())
        if thumbnail.map is None:
            painter.setPen(QPen(QColor(t.line), 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(0, 0, -1, -1))
            painter.setPen(QColor(t.quiet))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(place.adjusted(Space.HAIR, 0, -Space.HAIR, 0), words, _NO_GRID)
        else:
            painter.setOpacity(_STALE if self._stale else 1.0)
            paint_pixels(painter, QRectF(place), thumbnail.map.image(t.ground))
            painter.setOpacity(1.0)
        if thumbnail.extras is not None:
            self._paint_extras(painter, place, thumbnail.extras.image(t.ground), thumbnail.caption)
        if is_current:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(t.accent), _RING))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(place).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN), 3, 3)
        painter.setPen(QColor(t.accent if is_current else t.quiet))
        label = QRect(place.left(), place.bottom() + 1 + Space.TIGHT, self._stride(), painter.fontMetrics().height())
        painter.drawText(label, Qt.AlignmentFlag.AlignLeft, thumbnail.label)

    def _paint_extras(self, painter: QPainter, place: QRect, extras: QImage, caption: str) -> None:
        """Squares above the map, and as much of their sum as there is room for."""
        side = min(self._extras_height() - Space.TIGHT - Space.HAIR, self._side() // extras.width())
        squares = QRectF(place.left(), Space.TIGHT, extras.width() * side, side)
        paint_pixels(painter, squares, extras)
        painter.setPen(QColor(tones(self.palette()).quiet))
        left = int(squares.right()) + Space.TIGHT
        words = QRect(left, Space.HAIR, place.left() + self._stride() - Space.SMALL - left, self._extras_height())
        if painter.fontMetrics().horizontalAdvance(caption) <= words.width():
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft, caption)

    def _describe(self) -> None:
        if not self._thumbnails:
            self.setAccessibleDescription(_EMPTY)
            return
        if self._current is None:
            self.setAccessibleDescription(f"{len(self._thumbnails)} layers")
            return
        shown = self._thumbnails[self._current]
        facts = [shown.label, _NO_GRID if shown.map is None else "", shown.caption and f"other tokens {shown.caption}"]
        self.setAccessibleDescription(", ".join(fact for fact in facts if fact))


def _besides(values: np.ndarray, limit: float, ramp: Ramp) -> tuple[Heatmap | None, str]:
    """The tokens that are not on the picture as squares, and their sum as a number."""
    if not len(values):
        return None, ""
    return Heatmap(values[None], limit, ramp), signed(float(values.sum(dtype=np.float64)))
