"""All layers of a text as a map, which is made once the window is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.reading.colours import colour_table
from inspector.look.overlays import paint_empty
from inspector.look.theme import tones
from inspector.panes.details import DetailPane
from inspector.panes.plot_modules import import_some, imported
from inspector.state.scene import Scene
from inspector.state.text import LayersOfText, ShownText

if TYPE_CHECKING:
    from inspector.views.layers.layer_map import LayerMap


class LayerMapPane(DetailPane):
    """The layer map of a text, empty where none is on show."""

    NAME: ClassVar = "Relevance at each layer"

    completed = Signal()  # the map is in its place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map: LayerMap | None = None  # from the first paint on
        self._scene: Scene | None = None
        self._shown: LayersOfText | None = None
        self._importing = QTimer(self, interval=0)  # once the window is on the screen, and never before another event
        self._importing.timeout.connect(self._import_some)
        self._promise = _Promise()
        self._promise.painted.connect(self._importing.start)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._promise)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show the layers of the scene's text, with the cursor where it looks."""
        self._scene = scene
        if self.map is None:
            return
        text = self._text_of(scene)
        if text is None:
            if self._shown is not None:
                self._shown = None
                self.map.clear()
            return
        if text.layers != self._shown:
            self._shown = text.layers
            self._draw(self.map, text.layers)
        self.map.set_layer(text.layer)
        token = self._token_of(scene)
        self.map.set_token(-1 if token is None else int(text.units.of_token[token]))
        self.map.set_stale(scene.stale)

    def point_at(self, token: int) -> None:
        if self.map is not None and self._shown is not None:
            of_token = self._shown.units.of_token
            self.map.point_at(int(of_token[token]) if 0 <= token < len(of_token) else -1)

    def _text_of(self, scene: Scene) -> ShownText | None:
        """The text whose layers are shown."""
        return scene.text

    def _token_of(self, scene: Scene) -> int | None:
        """Its token under the cursor."""
        return scene.view.token

    def _draw(self, layers: LayerMap, what: LayersOfText) -> None:
        layers.show_layers(what.layers, what.input, what.relevance.value, what.limits, what.ramp, what.labels)

    def _on_column_clicked(self, column: int) -> None:
        if self._shown is not None:
            self.token_clicked.emit(self._shown.units.range_of(column)[-1])

    def _on_cell_hovered(self, layer: int | None, column: int) -> None:
        if self._shown is not None:
            self.token_hovered.emit(self._shown.units.range_of(column)[-1] if column >= 0 else -1)

    def _import_some(self) -> None:
        if import_some():
            self._importing.stop()
            QTimer.singleShot(0, self._keep_promise)

    def _keep_promise(self) -> None:
        """Put the map in its place."""
        self.map = cast("LayerMap", imported("inspector.views.layers.layer_map").LayerMap())
        self.map.setAccessibleName(self.NAME)
        self.map.layer_clicked.connect(self.layer_clicked)
        self.map.token_clicked.connect(self._on_column_clicked)
        self.map.cell_hovered.connect(self._on_cell_hovered)
        self.map.opened.connect(self.block_opened)
        self.setFocusProxy(self.map)
        self._pages.addWidget(self.map)
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
