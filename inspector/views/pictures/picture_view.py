"""A picture and its relevance, over each other or side by side, of one answer or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.protocol.looks import Ramp
from inspector.look.overlays import paint_empty, paint_focus, paint_pointer, paint_stale_tag
from inspector.look.theme import Space, tones
from inspector.views.pictures.heatmap import Heatmap, paint_pixels
from inspector.views.pictures.picture_caption import pixel_in_words, size_in_words
from inspector.views.pictures.picture_frame import PictureFrame
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_panes import Mode, Pane, pane_at, panes

_EMPTY = "The picture and the relevance of its pixels appear here."
_NO_PLACES = "What this layer computes has no places on the picture."
_STEP = 1.25  # of the zoom, by a key or a notch of the wheel
_STRIDE = 40  # points that an arrow key moves the picture
_STALE = 0.35  # of the opacity of colours that are of an earlier question


@dataclass(frozen=True, eq=False)
class _Shown:
    ground: Ground
    relevance: tuple[np.ndarray | None, ...]  # of each answer
    heatmaps: tuple[Heatmap | None, ...]


class PictureView(QWidget):
    """Zooms at the pointer, is dragged along, and says what is under the pointer. The wheel needs no key.

    Of two answers the pinned one is on the left; both are moved in step.
    """

    pixel_hovered = Signal(object)  # (row, column) | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: _Shown | None = None
        self._frame = PictureFrame(1, 1)
        self._mode: Mode = "overlay"
        self._opacity = 0.6
        self._grid: tuple[int, int] | None = None
        self._stale = self._is_pinned_stale = False
        self._empty_text = _EMPTY
        self._hovered: tuple[int, int] | None = None
        self._hovered_pane = 0
        self._dragged_from: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")
        self._describe()

    def show_picture(self, ground: Ground, relevance: Sequence[np.ndarray | None], limit: float, ramp: Ramp) -> None:
        """Show `relevance` on `ground`: of each answer (row, column), in logits, whose colours end at ± `limit`.

        Its rows and columns cover all that was seen, be they pixels or patches; None has no places on the picture. A
        picture of the same size stays where it was zoomed to.
        """
        before = len(self._panes())
        maps = tuple(None if values is None else Heatmap(values, limit, ramp) for values in relevance)
        self._shown = _Shown(ground, tuple(relevance), maps)
        if (self._frame.height, self._frame.width) != (ground.height, ground.width):
            self._frame = PictureFrame(ground.width, ground.height)
            self._hover(None)
        self._settle(before)

    def set_mode(self, mode: Mode) -> None:
        """Show the picture, its heatmap, one over the other, or both."""
        if mode not in get_args(Mode):
            raise ValueError(f"A picture is shown as one of {', '.join(get_args(Mode))}, not {mode!r}.")
        before, self._mode = len(self._panes()), mode
        self._settle(before)

    def set_opacity(self, opacity: float) -> None:
        """Of the heatmap over the picture, from 0 to 1."""
        self._opacity = min(max(opacity, 0.0), 1.0)
        if self._mode == "overlay":
            self.update()

    def set_grid(self, rows: int | None, columns: int | None = None) -> None:
        """Draw lines between patches, `rows` by `columns`; None draws none."""
        self._grid = (rows, columns) if rows and columns else None
        self._describe()
        self.update()

    def set_stale(self, stale: bool, is_pinned_stale: bool = False) -> None:
        """Show that the last answer is to an earlier question, or the pinned one about another input or model."""
        if (stale, is_pinned_stale) != (self._stale, self._is_pinned_stale):
            self._stale, self._is_pinned_stale = stale, is_pinned_stale
            self._describe()
            self.update()

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no picture."""
        self._empty_text = text
        self._describe()
        self.update()

    def clear(self) -> None:
        self._shown = None
        self._frame = PictureFrame(1, 1)
        self._hover(None)
        self._describe()
        self.update()

    def zoom(self) -> float:
        """1 shows all of the picture."""
        return self._frame.zoom

    def pixel_point(self, row: int, column: int, pane: int = 0) -> QPointF:
        """Where the middle of a pixel is on this widget, in one of the panes from the left."""
        where = self._panes()[pane].place
        scale = self._frame.scale(where)
        return self._frame.area(where).topLeft() + QPointF(column + 0.5, row + 0.5) * scale

    def caption(self) -> str:
        """The line below: what is under the pointer, or how large the picture is."""
        if self._shown is None:
            return ""
        if self._hovered is None:
            return size_in_words(self._shown.ground, self._grid)
        return pixel_in_words(self._shown.ground, self._shown.relevance, self._grid, self._hovered)

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 64)

    # -- pointer and keys ---------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._shown is None or not event.angleDelta().y():
            event.ignore()
            return
        self._zoom_at(event.position(), _STEP ** (event.angleDelta().y() / 120))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._shown is not None:
            self._dragged_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            self._frame = self._frame.moved(self._panes()[0].place, event.position() - self._dragged_from)
            self._dragged_from = event.position()
            self.update()
        self._hover_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = None
            self.unsetCursor()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pressed = QKeySequence(event.keyCombination())
        middle = self._panes()[0].place.center()
        moves = {
            Qt.Key.Key_Left: QPointF(_STRIDE, 0),
            Qt.Key.Key_Right: QPointF(-_STRIDE, 0),
            Qt.Key.Key_Up: QPointF(0, _STRIDE),
            Qt.Key.Key_Down: QPointF(0, -_STRIDE),
        }
        if self._shown is None:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.ZoomIn) or pressed == QKeySequence("Ctrl+="):
            self._zoom_at(middle, _STEP)
        elif event.matches(QKeySequence.StandardKey.ZoomOut):
            self._zoom_at(middle, 1 / _STEP)
        elif pressed == QKeySequence("Ctrl+0"):
            self._zoom_at(middle, 1 / self._frame.zoom)
        elif event.key() in moves and self._frame.zoom > 1:
            self._frame = self._frame.moved(self._panes()[0].place, moves[Qt.Key(event.key())])
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _zoom_at(self, point: QPointF, factor: float) -> None:
        self._frame = self._frame.zoomed(pane_at(point, self._panes()).place, factor, point)
        if self.underMouse():
            self._hover_at(point)
        else:
            self._hover(None)
        self.update()

    def _hover_at(self, point: QPointF) -> None:
        pane = pane_at(point, self._panes())
        pixel = None if self._shown is None else self._frame.pixel(pane.place, point)
        self._hover(pixel, pane.index if pixel is not None else 0)

    def _hover(self, pixel: tuple[int, int] | None, pane: int = 0) -> None:
        if (pixel, pane) == (self._hovered, self._hovered_pane):
            return
        self._hovered, self._hovered_pane = pixel, pane
        self.pixel_hovered.emit(pixel)
        self.update(self._caption_rect().toAlignedRect() if len(self._panes()) == 1 else self.rect())

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().base())
        if self._shown is None:
            paint_empty(painter, self.rect(), self._empty_text, t)
        else:
            if not self._caption_rect().contains(QRectF(event.rect())):
                painter.setBackground(self.palette().base())
                for pane in self._panes():
                    self._paint_pane(painter, pane, self._shown)
                if self._stale:
                    paint_stale_tag(painter, self._panes()[-1].place.toRect(), t)
            painter.setPen(QColor(t.quiet))
            line = self._caption_rect().adjusted(Space.SMALL, 0, -Space.SMALL, 0)
            text = painter.fontMetrics().elidedText(self.caption(), Qt.TextElideMode.ElideRight, int(line.width()))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        if self.hasFocus():
            paint_focus(painter, self.rect(), t)

    def _paint_pane(self, painter: QPainter, pane: Pane, shown: _Shown) -> None:
        place, ground, t = pane.place, shown.ground, tones(self.palette())
        area = self._frame.area(place)
        painter.save()
        painter.setClipRect(place)
        if pane.layer != "heatmap" or not ground.is_all_seen:
            ground.paint(painter, area, place, grey=pane.layer != "picture")
        colours = None if pane.layer == "picture" else shown.heatmaps[pane.answer]
        if colours is not None and ground.seen_area(area).intersects(place):
            is_stale = self._stale if pane.answer == len(shown.heatmaps) - 1 else self._is_pinned_stale
            painter.setOpacity((self._opacity if pane.layer == "overlay" else 1.0) * (_STALE if is_stale else 1.0))
            paint_pixels(painter, ground.seen_area(area), colours.image(t.ground), place)
            painter.setOpacity(1.0)
        elif colours is None and pane.layer == "heatmap":
            paint_empty(painter, place.toRect(), _NO_PLACES, t)
        if self._grid:
            ground.paint_lines(painter, area, *self._grid)
        if self._hovered is not None and pane.index != self._hovered_pane:
            paint_pointer(painter, self.pixel_point(*self._hovered, pane.index))
        painter.restore()

    def _caption_rect(self) -> QRectF:
        height = self.fontMetrics().height() + Space.SMALL
        return QRectF(0, self.height() - height, self.width(), height)

    def _panes(self) -> tuple[Pane, ...]:
        room = QRectF(1, 1, self.width() - 2, self._caption_rect().top() - 1)
        return panes(self._mode, len(self._shown.heatmaps) if self._shown else 1, room)

    def _settle(self, before: int) -> None:
        """Show what has changed; what was under the pointer is elsewhere where there were not as many panes before."""
        if before != len(self._panes()):
            self._hover(None)
        self._describe()
        self.update()

    def _describe(self) -> None:
        if self._shown is None:
            self.setAccessibleDescription(self._empty_text)
            return
        two, stale = len(self._shown.heatmaps) > 1, self._stale
        facts = (self.caption(), self._mode, "two answers" if two else "", "stale" if stale else "")
        self.setAccessibleDescription(", ".join(fact for fact in facts if fact))
