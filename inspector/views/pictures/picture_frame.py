"""The frame of a picture on the screen: how far it is enlarged, and which part of it is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF

_CLOSEST = 64.0  # points to a pixel of the picture


@dataclass(frozen=True)
class PictureFrame:
    """A picture of `width` by `height` pixels; `zoom` 1 shows all of it, and `middle` is the pixel in the middle."""

    width: int
    height: int
    zoom: float = 1.0
    middle: QPointF | None = None  # None: the picture's own

    def area(self, pane: QRectF) -> QRectF:
        """The place of the whole picture in the coordinates of `pane`, which shows only the part inside it."""
        scale = self.scale(pane)
        size = QSizeF(self.width * scale, self.height * scale)
        middle = self._middle(pane)
        return QRectF(pane.center() - middle * scale, size)

    def scale(self, pane: QRectF) -> float:
        """Points to a pixel."""
        return self.zoom * self._fit(pane)

    def pixel(self, pane: QRectF, point: QPointF) -> tuple[int, int] | None:
        """Row and column of the pixel under `point`."""
        area = self.area(pane)
        if not (pane.contains(point) and area.contains(point)):
            return None
        scale = self.scale(pane)
        row, column = int((point.y() - area.top()) / scale), int((point.x() - area.left()) / scale)
        return min(row, self.height - 1), min(column, self.width - 1)

    def zoomed(self, pane: QRectF, factor: float, point: QPointF) -> PictureFrame:
        """Enlarged by `factor`, with what is under `point` staying there."""
        most = max(_CLOSEST / self._fit(pane), 1.0)
        nearer = replace(self, zoom=min(max(self.zoom * factor, 1.0), most))
        away = point - pane.center()
        under = self._middle(pane) + away / self.scale(pane)
        return replace(nearer, middle=under - away / nearer.scale(pane))._settled(pane)

    def moved(self, pane: QRectF, by: QPointF) -> PictureFrame:
        """Dragged along by `by` points, no further than to its own edge."""
        return replace(self, middle=self._middle(pane) - by / self.scale(pane))._settled(pane)

    def _settled(self, pane: QRectF) -> PictureFrame:
        return replace(self, middle=self._middle(pane))

    def _fit(self, pane: QRectF) -> float:
        return max(min(pane.width() / self.width, pane.height() / self.height), 1e-3)

    def _middle(self, pane: QRectF) -> QPointF:
        """The pixel in the middle of the pane, moved so that the picture fills all the room it can."""
        scale = self.scale(pane)
        middle = self.middle or QPointF(self.width / 2, self.height / 2)
        return QPointF(
            _within(middle.x(), self.width, pane.width() / scale),
            _within(middle.y(), self.height, pane.height() / scale),
        )


def _within(middle: float, whole: float, seen: float) -> float:
    """`middle` of the part that is `seen` of `whole`, moved so that the part lies inside; all of it is centred."""
    if seen >= whole:
        return whole / 2
    return min(max(middle, seen / 2), whole - seen / 2)
