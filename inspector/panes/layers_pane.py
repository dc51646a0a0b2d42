"""All layers at once: a map of a text's, small heatmaps of a picture's."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.protocol.values import Medium
from inspector.look.theme import Space
from inspector.panes.columns import filled
from inspector.panes.details import DetailPane
from inspector.panes.layer_map_pane import LayerMapPane
from inspector.panes.thumbnails_pane import ThumbnailsPane
from inspector.state.picture import LayersOfPicture
from inspector.state.scene import Scene
from inspector.state.text import LayersOfText

_ROW, _AXES, _TALLEST = 6, 58, 420  # pixels of a row at least, of what is around them, and of a map


class LayersPane(DetailPane):
    """All layers at once: of a text as a map with the sum of each, of a picture as a row of small heatmaps."""

    completed = Signal()  # the map is in its place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self._layers: LayersOfText | LayersOfPicture | None = None
        self._drawing = QTimer(self, singleShot=True)  # in a turn of its own: the tokens are on the screen before
        self._drawing.timeout.connect(self._show)
        self.text = LayerMapPane()
        self.text.completed.connect(self.completed)
        self.picture = ThumbnailsPane()
        self._panes: dict[Medium, DetailPane] = {"text": self.text, "picture": self.picture}
        self._pages = QStackedWidget()
        for pane in self._panes.values():
            pane.layer_clicked.connect(self.layer_clicked)
            pane.token_clicked.connect(self.token_clicked)
            pane.token_hovered.connect(self.token_hovered)
            pane.block_opened.connect(self.block_opened)
            self._pages.addWidget(pane)
        filled(self, self._pages)

    def least_height(self) -> int:
        if self._scene is None or self._scene.text is None:
            return 0
        return min(_ROW * (1 + len(self._scene.text.relevance.layers)) + _AXES, _TALLEST) + 2 * Space.SMALL

    def show_scene(self, scene: Scene) -> None:
        """Show the layers of `scene`, with the cursor where it looks."""
        self._scene = scene
        layers = None if scene.part is None else scene.part.layers
        is_new, self._layers = layers is not None and layers != self._layers, layers
        if is_new:
            self._drawing.start()
        elif not self._drawing.isActive():
            self._show()

    def take_keys(self) -> None:
        pane = self.picture if self._pages.currentWidget() is self.picture else self.text
        pane.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def point_at(self, token: int) -> None:
        self.text.point_at(token)

    def _show(self) -> None:
        if self._scene is not None:
            for pane in self._panes.values():
                pane.show_scene(self._scene)
            self._pages.setCurrentWidget(self._panes[self._scene.medium])
