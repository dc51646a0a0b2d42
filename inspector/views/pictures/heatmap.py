"""Turns arrays into images, and paints images enlarged without blurring their pixels."""

from __future__ import annotations

from math import ceil

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from engine.reading.colours import colours


def rgb_image(pixels: np.ndarray) -> QImage:
    """uint8 (height, width, 3) as an image of its own, in the format that is painted fastest."""
    data = np.ascontiguousarray(pixels, np.uint8)
    height, width, _ = data.shape
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


def heatmap(values: np.ndarray, limit: float, colour_map: str) -> QImage:
    """`values` (row, column) in colours that end at ± `limit`, a pixel each."""
    return rgb_image(colours(values, limit, colour_map))


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
