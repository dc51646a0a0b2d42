"""A thin bar below a plot that was zoomed: which tokens are in view, to be dragged to others."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QScrollBar, QWidget

THICKNESS = 8  # pixels
_STEPS = 16  # from one token to the next
_ALL = 0.5  # of a token that may be out of view where all are said to be in it


class RangeBar(QScrollBar):
    """Hidden where all tokens are in view."""

    moved = Signal(float)  # by a person: the first token in view, a part of it perhaps out of view

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFixedHeight(THICKNESS)
        self.setAccessibleName("Tokens in view")
        self.setSingleStep(_STEPS)
        self.hide()
        self.valueChanged.connect(lambda value: self.moved.emit(value / _STEPS))

    def show_range(self, first: float, last: float, count: int) -> None:
        """Show that of `count` tokens those from `first` up to `last` are in view, counted from 0; this is silent."""
        with QSignalBlocker(self):
            page = round((last - first) * _STEPS)
            self.setPageStep(page)
            self.setRange(0, max(count * _STEPS - page, 0))
            self.setValue(round(first * _STEPS))
        self.setVisible(last - first < count - _ALL)
        self.update()
