"""All layers of a picture as a row of small heatmaps."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspector.panes.details import DetailPane
from inspector.state.picture import LayersOfPicture
from inspector.state.scene import Scene
from inspector.views.pictures.layer_thumbnails import LayerThumbnails


class ThumbnailsPane(DetailPane):
    """A small heatmap for each layer of a picture; the one that is looked at has a ring."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = LayerThumbnails()
        self.thumbnails.layer_clicked.connect(self._on_clicked)
        self.thumbnails.opened.connect(self.block_opened)
        self.setFocusProxy(self.thumbnails)
        self._shown: LayersOfPicture | None = None
        self._ringed: int | None = None  # the layer that the thumbnails were told
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.thumbnails)

    def show_scene(self, scene: Scene) -> None:
        """Show the layers of the scene's picture."""
        picture = scene.picture
        if picture is None:
            return
        what, layer = picture.layers, scene.view.look.layer
        current = 0 if layer is None else layer + 1
        if what != self._shown or current != self._ringed:
            self._shown, self._ringed = what, current
            self.thumbnails.show_layers(what.maps, what.limits, what.labels, current, what.ramp, what.extras)
        self.thumbnails.set_stale(scene.stale)

    def _on_clicked(self, index: int) -> None:
        self._ringed = index
        self.layer_clicked.emit(index - 1 if index else None)
