"""The size of a first window: what is wanted, as far as the screen has room for it and its frame."""

from __future__ import annotations

from PySide6.QtCore import QSize

FRAME = QSize(16, 56)  # a wide one: no desktop tells how large it is before there is a window


def fitting(wanted: QSize, available: QSize) -> QSize:
    """The largest size up to `wanted` that leaves room for a frame in what a screen has `available`."""
    return wanted.boundedTo(available - FRAME)
