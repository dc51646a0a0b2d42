"""All layers of a text as a map, which is made once the window is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.protocol.messages import LayersRead, ReadLayers
from engine.protocol.values import Prediction
from engine.reading.colours import colour_table
from inspector.look.numbers import percent, written
from inspector.look.overlays import paint_empty
from inspector.look.theme import tones
from inspector.panes.details import DetailPane
from inspector.panes.plot_modules import import_some, imported
from inspector.state.scene import Scene
from inspector.state.text import LayersOfText, ShownText
from inspector.views.prediction_rows import shown_token

if TYPE_CHECKING:
    from inspector.views.layers.layer_map import LayerMap
    from inspector.views.layers.lens_plots import LensColumn


def lens_beside(scene: Scene) -> ReadLayers | None:
    """What is asked for the lens beside the layers of `scene`; None where it is not wanted."""
    return ReadLayers(scene.question) if scene.view.lens and scene.text is not None else None


class LayerMapPane(DetailPane):
    """The layer map of a text, empty where none is on show."""

    NAME: ClassVar = "Relevance at each layer"

    completed = Signal()  # the map is in its place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map: LayerMap | None = None  # from the first paint on
        self._scene: Scene | None = None
        self._shown: LayersOfText | None = None
        self._lens: LayersRead | None = None  # that is on show
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
        self._show_lens(self.map, scene)
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

    def _show_lens(self, layers: LayerMap, scene: Scene) -> None:
        request = lens_beside(scene)
        found = None if request is None else scene.find(request)
        known = found if isinstance(found, LayersRead) else None
        before = self._lens if request is not None and found is None else None  # which stays until there is another
        wanted = known or before
        if wanted is not None and scene.relevance is not None and len(wanted.layers) != len(scene.relevance.layers):
            wanted = None
        if wanted is not self._lens:
            self._lens = wanted
            layers.show_lens(None if wanted is None else self._column_of(wanted))
        layers.set_lens_stale(known is None)

    def _column_of(self, read: LayersRead) -> LensColumn:
        column: LensColumn = imported("inspector.views.layers.lens_plots").LensColumn(
            ["", *(shown_token(layer.predictions[0]) for layer in read.layers)],
            [0, *(layer.rank for layer in read.layers)],
            [(), *(tuple(map(_fact, layer.predictions)) for layer in read.layers)],
        )
        return column

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


def _fact(prediction: Prediction) -> tuple[str, str]:
    likely = prediction.probability
    return shown_token(prediction), written(prediction.logit) if likely is None else percent(likely)


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
