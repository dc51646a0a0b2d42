"""What is explained, and the tokens that speak most for and against it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspector.state.scene import Scene
from inspector.state.text import ShownText
from inspector.views.prediction_table import PredictionTable
from inspector.views.tokens.strongest_list import StrongestList


class TargetPane(QWidget):
    """The predictions; below them the strongest tokens, where there are tokens and room."""

    token_chosen = Signal(int)
    token_hovered = Signal(int)  # -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = PredictionTable()
        self.strongest = StrongestList()
        self.strongest.chosen.connect(self.token_chosen)
        self.strongest.hovered.connect(self.token_hovered)
        self._shown: ShownText | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 5)
        column.addWidget(self.strongest, 6)
        self._make_room()

    def show_scene(self, scene: Scene) -> None:
        """Rank the tokens of `scene`."""
        shown = scene.text
        is_new, came_or_went = shown != self._shown, (shown is None) != (self._shown is None)
        self._shown = shown
        if is_new:
            if shown is None:
                self.strongest.clear()
            else:
                of = "source" if scene.decoder is not None else ""
                ranked = (shown.tokens, shown.units, shown.unit_values)
                self.strongest.show_relevance(*ranked, shown.limit, shown.ramp, shown.unit, of)
        if came_or_went:
            self._make_room()
        self.strongest.set_current(-1 if scene.view.token is None else scene.view.token)
        self.strongest.set_stale(scene.stale)

    def point_at(self, token: int) -> None:
        """Mark a token that is under the pointer elsewhere; -1: none."""
        self.strongest.point_at(token)

    def minimumSizeHint(self) -> QSize:
        return self.table.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        needed = self.table.minimumSizeHint().height() + self.strongest.minimumSizeHint().height()
        self.strongest.setVisible(self._shown is not None and self.height() >= needed)
