"""All layers at once: a map of a text's, small heatmaps of a picture's."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.reading.colours import colour_table
from inspector.look.labels import heading_label
from inspector.look.overlays import paint_empty
from inspector.look.theme import tones
from inspector.panes.columns import filled
from inspector.panes.details import DetailPane
from inspector.state.picture import LayersOfPicture
from inspector.state.scene import Scene
from inspector.state.text import LayersOfText
from inspector.views.pictures.layer_thumbnails import LayerThumbnails

if TYPE_CHECKING:
    from inspector.views.layers.layer_map import LayerMap


class LayersPane(DetailPane):
    """All layers at once: of a text as a map with the sum of each, of a picture as a row of small heatmaps."""

    completed = Signal()  # the map is in its place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map: LayerMap | None = None  # from the first paint on
        self.thumbnails = LayerThumbnails()
        self.thumbnails.layer_clicked.connect(self._on_thumbnail_clicked)
        self._scene: Scene | None = None
        self._shown: LayersOfText | LayersOfPicture | None = None
        self._ringed: int | None = None  # the layer that the thumbnails were told
        self._drawing = QTimer(self, singleShot=True)  # in a turn of its own: the tokens are on the screen before
        self._drawing.timeout.connect(self._show)
        self._promise = _Promise()
        self._promise.painted.connect(self._on_promise_painted)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._promise)
        self._pages.addWidget(self.thumbnails)
        filled(self, heading_label("Layers"), self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show the layers of `scene`, with the cursor where it looks."""
        self._scene = scene
        what = None if scene.part is None else scene.part.layers
        if what is not None and what != self._shown:
            self._drawing.start()
        elif not self._drawing.isActive():
            self._show()

    def _show(self) -> None:
        scene = self._scene
        if scene is not None and scene.picture is not None:
            self._show_thumbnails(scene.picture.layers, scene.view.look.layer)
            self.thumbnails.set_stale(scene.stale)
        elif scene is not None and self.map is not None:
            self._show_map(self.map, scene)

    def _show_map(self, layers: LayerMap, scene: Scene) -> None:
        self._pages.setCurrentWidget(layers)
        if scene.text is None:
            if self._shown is not None:
                self._shown = None
                layers.clear()
            return
        if scene.text.layers != self._shown:
            self._shown = scene.text.layers
            self._draw(layers, scene.text.layers)
        layers.set_layer(scene.view.look.layer)
        layers.set_token(-1 if scene.view.token is None else scene.view.token)
        layers.set_stale(scene.stale)

    def _show_thumbnails(self, what: LayersOfPicture, layer: int | None) -> None:
        current = 0 if layer is None else layer + 1
        if what != self._shown or current != self._ringed:
            self._shown, self._ringed = what, current
            self.thumbnails.show_layers(what.maps, what.limits, what.labels, current, what.colour_map, what.extras)
        self._pages.setCurrentWidget(self.thumbnails)

    def _draw(self, layers: LayerMap, what: LayersOfText) -> None:
        relevance = what.relevance
        layers.show_layers(
            relevance.layers, relevance.input, relevance.value, what.limits, what.colour_map, what.labels
        )

    def _on_thumbnail_clicked(self, index: int) -> None:
        self._ringed = index
        self.layer_clicked.emit(index - 1 if index else None)

    def _on_promise_painted(self) -> None:
        QTimer.singleShot(0, self._keep_promise)

    def _keep_promise(self) -> None:
        """Put the map in its place. The window is on the screen by now: pyqtgraph takes as long as all the rest."""
        self.map = cast("LayerMap", import_module("inspector.views.layers.layer_map").LayerMap())
        self.map.layer_clicked.connect(self.layer_clicked)
        self.map.token_clicked.connect(self.token_clicked)
        self._pages.insertWidget(0, self.map)
        self._pages.removeWidget(self._promise)
        self._promise.deleteLater()
        if self._scene is not None:
            colour_table(self._scene.view.look.colour_map)  # remembered: the first answer need not wait for it
            self.show_scene(self._scene)
        self.completed.emit()


class _Promise(QWidget):
    """Looks as the map does while there is nothing to show, and says when it is seen for the first time."""

    painted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._was_painted = False

    def sizeHint(self) -> QSize:
        return QSize(720, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 80)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().base())
        paint_empty(painter, self.rect(), "The relevance at each layer appears here.", tones(self.palette()))
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()
