"""A picture and where the target's value came from in it: beside each other, or one over the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.theme import Space, tones
from inspector.views.heatmap import heatmap, paint_pixels, rgb_image
from inspector.views.numbers import signed
from inspector.views.overlays import paint_empty, paint_focus
from inspector.views.picture_frame import PictureFrame

Mode = Literal["picture", "heatmap", "overlay", "side by side"]

_EMPTY = "The picture and the relevance of its pixels appear here."
_STEP = 1.25  # of the zoom, by a key or a notch of the wheel
_STRIDE = 40  # points that an arrow key moves the picture
_SMALLEST_PATCH = 4  # points: closer lines would hide the picture


@dataclass(frozen=True, eq=False)
class _Shown:
    pixels: np.ndarray
    relevance: np.ndarray
    picture: QImage
    heatmap: QImage


class PictureView(QWidget):
    """Zooms at the pointer, is dragged along, and says what is under the pointer. The wheel needs no key."""

    pixel_hovered = Signal(object)  # (row, column) | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: _Shown | None = None
        self._frame = PictureFrame(1, 1)
        self._mode: Mode = "overlay"
        self._opacity = 0.6
        self._grid: tuple[int, int] | None = None
        self._empty_text = _EMPTY
        self._hovered: tuple[int, int] | None = None
        self._dragged_from: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")
        self._describe()

    def show_picture(self, pixels: np.ndarray, relevance: np.ndarray, limit: float, colour_map: str) -> None:
        """Show uint8 `pixels` (height, width, 3) and `relevance` (height, width) in logits, whose colours end at
        ± `limit`. Relevance of fewer rows and columns is that of patches which cover the picture.

        A picture of the same size stays where it was zoomed to.
        """
        picture = self._shown.picture if self._shown and self._shown.pixels is pixels else rgb_image(pixels)
        self._shown = _Shown(pixels, relevance, picture, heatmap(relevance, limit, colour_map))
        height, width = pixels.shape[:2]
        if (self._frame.height, self._frame.width) != (height, width):
            self._frame = PictureFrame(width, height)
            self._hover(None)
        self._describe()
        self.update()

    def set_mode(self, mode: Mode) -> None:
        """Show the picture, its heatmap, one over the other, or both."""
        if mode not in get_args(Mode):
            raise ValueError(f"A picture is shown as one of {', '.join(get_args(Mode))}, not {mode!r}.")
        self._mode = mode
        self._describe()
        self.update()

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
        """Where the middle of a pixel is on this widget; of pictures side by side, in the left or right one."""
        where = self._panes()[pane]
        scale = self._frame.scale(where)
        return self._frame.area(where).topLeft() + QPointF(column + 0.5, row + 0.5) * scale

    def caption(self) -> str:
        """The line below: what is under the pointer, or how large the picture is."""
        if self._shown is None:
            return ""
        height, width = self._shown.pixels.shape[:2]
        if self._hovered is None:
            patches = f" · {self._grid[0]} × {self._grid[1]} patches" if self._grid else ""
            return f"{width} × {height} pixels{patches}"
        row, column = self._hovered
        rows, columns = self._shown.relevance.shape
        value = float(self._shown.relevance[row * rows // height, column * columns // width])
        patch = ""
        if self._grid:
            patch = f" · patch {row * self._grid[0] // height}, {column * self._grid[1] // width}"
        return f"{signed(value)} logits · row {row}, column {column}{patch}"

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

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
            self._frame = self._frame.moved(self._panes()[0], event.position() - self._dragged_from)
            self._dragged_from = event.position()
            self.update()
        self._hover(self._pixel_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = None
            self.unsetCursor()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pressed = QKeySequence(event.keyCombination())
        middle = self._panes()[0].center()
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
            self._frame = self._frame.moved(self._panes()[0], moves[Qt.Key(event.key())])
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
        pane = self._pane_at(point)
        self._frame = self._frame.zoomed(pane, factor, point)
        self._hover(self._pixel_at(point) if self.underMouse() else None)
        self.update()

    def _pixel_at(self, point: QPointF) -> tuple[int, int] | None:
        return None if self._shown is None else self._frame.pixel(self._pane_at(point), point)

    def _hover(self, pixel: tuple[int, int] | None) -> None:
        if pixel != self._hovered:
            self._hovered = pixel
            self.pixel_hovered.emit(pixel)
            self.update(self._caption_rect().toAlignedRect())

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().base())
        if self._shown is None:
            paint_empty(painter, self.rect(), self._empty_text, t)
        else:
            if not self._caption_rect().contains(QRectF(event.rect())):
                for pane, place in enumerate(self._panes()):
                    self._paint_pane(painter, place, self._shown, pane)
            painter.setPen(QColor(t.quiet))
            line = self._caption_rect().adjusted(Space.SMALL, 0, -Space.SMALL, 0)
            text = painter.fontMetrics().elidedText(self.caption(), Qt.TextElideMode.ElideRight, int(line.width()))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        if self.hasFocus():
            paint_focus(painter, self.rect(), t)

    def _paint_pane(self, painter: QPainter, place: QRectF, shown: _Shown, pane: int) -> None:
        area = self._frame.area(place)
        painter.save()
        painter.setClipRect(place)
        mode = ("picture", "heatmap")[pane] if self._mode == "side by side" else self._mode
        if mode != "heatmap":
            paint_pixels(painter, area, shown.picture, place)
        if mode != "picture":
            painter.setOpacity(self._opacity if mode == "overlay" else 1.0)
            paint_pixels(painter, area, shown.heatmap, place)
            painter.setOpacity(1.0)
        if self._grid:
            _paint_grid(painter, area, *self._grid)
        painter.restore()

    def _caption_rect(self) -> QRectF:
        height = self.fontMetrics().height() + Space.SMALL
        return QRectF(0, self.height() - height, self.width(), height)

    def _panes(self) -> list[QRectF]:
        """Where pictures may be: one place, or two of the same size."""
        room = QRectF(1, 1, self.width() - 2, self._caption_rect().top() - 1)
        if self._mode != "side by side":
            return [room]
        width = (room.width() - Space.SMALL) / 2
        left = QRectF(room.left(), room.top(), width, room.height())
        return [left, left.translated(width + Space.SMALL, 0)]

    def _pane_at(self, point: QPointF) -> QRectF:
        panes = self._panes()
        return next((pane for pane in panes if pane.contains(point)), panes[0])

    def _describe(self) -> None:
        self.setAccessibleDescription(f"{self.caption()}, {self._mode}" if self._shown else self._empty_text)


def _paint_grid(painter: QPainter, area: QRectF, rows: int, columns: int) -> None:
    """Lines that are seen on dark and on light: each is a dark one beside a light one."""
    if min(area.height() / rows, area.width() / columns) < _SMALLEST_PATCH:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for shade, aside in ((QColor(0, 0, 0, 80), 0), (QColor(255, 255, 255, 70), 1)):
        painter.setPen(shade)
        for row in range(1, rows):
            y = round(area.top() + row * area.height() / rows) + aside
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        for column in range(1, columns):
            x = round(area.left() + column * area.width() / columns) + aside
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
