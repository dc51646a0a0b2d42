"""The middle of the window: the tokens in colour above the layers they come from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from engine.protocol.colours import colour_table
from inspector.dialogs.labels import heading_label
from inspector.naming import named
from inspector.state.scene import SCALE_TITLES, Map, Scene, Strip, explained_token
from inspector.theme import Space, tones
from inspector.views.legend import Legend
from inspector.views.overlays import paint_empty
from inspector.views.token_strip import TokenStrip

if TYPE_CHECKING:
    from inspector.views.layer_map import LayerMap


class RelevancePane(QWidget):
    """The tokens with the colours of one layer; the title says which."""

    scale_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = TokenStrip()
        self.legend = Legend()
        self._title = heading_label("Relevance")
        self._title.setObjectName("relevance_title")
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._scale = named("scale", QComboBox())
        self._scale.setToolTip("What the colours span")
        self._scale.setAccessibleName("Scale")
        for scale, title in SCALE_TITLES.items():
            self._scale.addItem(title, scale)
        self._scale.activated.connect(self._on_scale_activated)
        self._shown: Strip | None = None
        legend = QHBoxLayout()
        legend.addWidget(self.legend, 1)
        legend.addWidget(self._scale)
        _stack(self, self._title, legend, self.strip)

    def show_scene(self, scene: Scene) -> None:
        """Show the tokens of `scene`; what has not changed is not painted again."""
        self._scale.setCurrentIndex(self._scale.findData(scene.view.scale))
        strip = scene.strip
        self._scale.setVisible(strip is not None)
        if strip is None:
            self._clear()
            return
        if strip != self._shown:
            self._shown = strip
            self._title.setText(strip.title)
            self.legend.show_scale(strip.limit, strip.colour_map, strip.legend)
            self.strip.show_relevance(strip.tokens, strip.values, strip.limit, strip.colour_map, strip.target_value)
        self.strip.set_target_position(explained_token(scene.question, strip.tokens, scene.position))
        self.strip.set_stale(scene.stale)
        token = -1 if scene.view.token is None else scene.view.token
        if token != self.strip.current():
            self.strip.set_current(token)

    def _clear(self) -> None:
        if self._shown is not None:
            self._shown = None
            self._title.setText("Relevance")
            self.strip.clear()
            self.legend.clear()

    def _on_scale_activated(self, index: int) -> None:
        self.scale_chosen.emit(self._scale.itemData(index))


class LayersPane(QWidget):
    """All layers at once, and the sum of each."""

    layer_clicked = Signal(object)  # int | None
    token_clicked = Signal(int)
    completed = Signal()  # the map is in its place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map: LayerMap | None = None  # from the first paint on
        self._scene: Scene | None = None
        self._shown: Map | None = None
        self._drawing = QTimer(self, singleShot=True)  # in a turn of its own: the tokens are on the screen before
        self._drawing.timeout.connect(self._show)
        self._promise = _Promise()
        self._promise.painted.connect(self._on_promise_painted)
        self._column = _stack(self, heading_label("Layers"), self._promise)

    def show_scene(self, scene: Scene) -> None:
        """Show the layers of `scene`, with the cursor where it looks."""
        self._scene = scene
        if scene.map is not None and scene.map != self._shown:
            self._drawing.start()
        elif not self._drawing.isActive():
            self._show()

    def _show(self) -> None:
        scene = self._scene
        if self.map is None or scene is None:
            return
        if scene.map is None:
            if self._shown is not None:
                self._shown = None
                self.map.clear()
            return
        if scene.map != self._shown:
            self._shown = scene.map
            self._draw(self.map, scene.map)
        self.map.set_layer(scene.view.layer)
        self.map.set_token(-1 if scene.view.token is None else scene.view.token)
        self.map.set_stale(scene.stale)

    def _draw(self, layers: LayerMap, what: Map) -> None:
        relevance = what.relevance
        layers.show_layers(
            relevance.layers, relevance.input, relevance.value, what.limits, what.colour_map, what.labels
        )

    def _on_promise_painted(self) -> None:
        QTimer.singleShot(0, self._keep_promise)

    def _keep_promise(self) -> None:
        """Put the map in its place. The window is on the screen by now: pyqtgraph takes as long as all the rest."""
        self.map = cast("LayerMap", import_module("inspector.views.layer_map").LayerMap())
        self.map.layer_clicked.connect(self.layer_clicked)
        self.map.token_clicked.connect(self.token_clicked)
        self._column.replaceWidget(self._promise, self.map)
        self._promise.hide()
        self._promise.deleteLater()
        if self._scene is not None:
            colour_table(self._scene.view.colour_map)  # remembered: the first answer need not wait for it
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
        paint_empty(
            painter, self.rect(), "The relevance of each token at each layer appears here.", tones(self.palette())
        )
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()


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


def _stack(pane: QWidget, *parts: QWidget | QHBoxLayout) -> QVBoxLayout:
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
