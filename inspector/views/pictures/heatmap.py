"""Turns arrays into images, and paints images enlarged without blurring their pixels."""

from __future__ import annotations

from math import ceil

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from engine.protocol.looks import Ground, Ramp
from engine.reading.colours import colours


def rgb_image(pixels: np.ndarray) -> QImage:
    """uint8 (height, width, 3) as an image of its own, in the format that is painted fastest."""
    data = np.ascontiguousarray(pixels, np.uint8)
    height, width, _ = data.shape
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


class Heatmap:
    """`values` (row, column) in colours that end at ± `limit`, a pixel each, on either ground.

    With `most` it is made smaller where it has more pixels than that on a side.
    """

    def __init__(self, values: np.ndarray, limit: float, ramp: Ramp, most: int | None = None) -> None:
        self._values, self._limit, self._ramp, self._most = values, limit, ramp, most
        self._images: dict[Ground, QImage] = {}

    def image(self, ground: Ground) -> QImage:
        """The picture, which is made once for each ground."""
        if ground not in self._images:
            self._images[ground] = self._made(ground)
        return self._images[ground]

    def _made(self, ground: Ground) -> QImage:
        image = rgb_image(colours(self._values, self._limit, self._ramp, ground))
        if self._most is None or max(image.width(), image.height()) <= self._most:
            return image
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        return image.scaled(self._most, self._most, keep, smooth)


def paint_pixels(painter: QPainter, area: QRectF, image: QImage, pane: QRectF | None = None) -> None:
    """Fill `area` with `image`, but for what lies outside `pane`.

    It is smooth where it shrinks, every pixel a plain rectangle where it grows.
    """
    across, down = area.width() / image.width(), area.height() / image.height()
    shrinks = across * painter.device().devicePixelRatioF() < 1
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
    seen = area if pane is None else area.intersected(pane)
    left, top = int((seen.left() - area.left()) / across), int((seen.top() - area.top()) / down)
    right = min(ceil((seen.right() - area.left()) / across), image.width())
    bottom = min(ceil((seen.bottom() - area.top()) / down), image.height())
    part = QRectF(left, top, right - left, bottom - top)  # whole pixels: all of them are of the same size
    target = QRectF(area.left() + left * across, area.top() + top * down, part.width() * across, part.height() * down)
    painter.drawImage(target, image, part)
