"""How the parts of a pane stand: in a column, or two of them with a handle between."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QSplitter, QVBoxLayout, QWidget

from inspector.look.theme import Space

_SHARE, _MOST, _LEAST = 0.68, 0.7, 0.3  # of the room, for the upper pane


class Stack(QSplitter):
    """Two panes with a handle between them. Where a person has not moved it, the upper pane has what it wants."""

    def __init__(self, above: QWidget, below: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.setObjectName("panes")
        self.setChildrenCollapsible(False)
        self.addWidget(above)
        self.addWidget(below)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 2)
        self._wanted: tuple[int | None, int] = (None, 0)  # by the upper pane, and by the lower at least
        self._is_moved = False
        self.splitterMoved.connect(self._on_moved)

    def fit(self, above: int | None, below: int) -> None:
        """Give the upper pane the height it wants, up to most of the room, as long as the lower has what it needs.

        None: it has no height of its own, and both share the room.
        """
        self._wanted = above, below
        self._fit()

    def state(self) -> str:
        """Where a person has put the handle, as text; empty where nobody did."""
        return bytes(self.saveState().toBase64().data()).decode() if self._is_moved else ""

    def restore(self, state: str) -> None:
        """Put the handle where it was; empty: where it comes to be."""
        self._is_moved = bool(state) and self.restoreState(QByteArray.fromBase64(state.encode()))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._is_moved:
            return
        room = self.height() - self.handleWidth()
        above, below = self._wanted
        above = round(_SHARE * room) if above is None else above
        height = max(min(above, round(_MOST * room), room - below), round(_LEAST * room))
        if self.sizes() != [height, room - height]:
            self.setSizes([height, room - height])

    def _on_moved(self) -> None:
        self._is_moved = True


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
