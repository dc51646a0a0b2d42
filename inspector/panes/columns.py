"""How the parts of a pane stand: in a column, or two of them with a handle between."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QSplitter, QVBoxLayout, QWidget

from inspector.look.theme import Space


def stacked(above: QWidget, below: QWidget) -> QSplitter:
    """Two panes with a handle between them."""
    splitter = QSplitter(Qt.Orientation.Vertical)
    splitter.setObjectName("panes")
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(above)
    splitter.addWidget(below)
    splitter.setStretchFactor(0, 3)
    splitter.setStretchFactor(1, 2)
    return splitter


def filled(pane: QWidget, *parts: QWidget | QLayout) -> QVBoxLayout:
    """The pane's column, filled with `parts`; the last takes the room that is left."""
    column = QVBoxLayout(pane)
    column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
    column.setSpacing(Space.SMALL)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    column.setStretch(len(parts) - 1, 1)
    return column
