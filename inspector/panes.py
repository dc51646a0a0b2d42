"""The middle of the window: the tokens or the picture in colour above the layers they come from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLayout, QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.protocol.colours import colour_table
from inspector.dialogs.labels import bold, heading_label
from inspector.naming import named
from inspector.picture_part import PicturePart
from inspector.state.picture import Picture, Thumbnails
from inspector.state.scene import SCALE_TITLES, Map, Scene, Strip, explained_token
from inspector.theme import Space, tones
from inspector.views.elided_label import ElidedLabel
from inspector.views.layer_thumbnails import LayerThumbnails
from inspector.views.legend import Legend
from inspector.views.overlays import paint_empty
from inspector.views.token_strip import TokenStrip
from inspector.views.wrapping_row import WrappingRow, let_shrink

if TYPE_CHECKING:
    from inspector.views.layer_map import LayerMap


_TITLE = 216  # points that the title keeps beside what is at its right


class RelevancePane(QWidget):
    """The tokens, or the picture, with the colours of one layer; the title says which."""

    scale_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = TokenStrip()
        self.picture = PicturePart()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.strip)
        self._pages.addWidget(self.picture)
        self.legend = Legend()
        self._title = named("relevance_title", ElidedLabel("Relevance"))
        self._title.setFont(bold(self._title.font()))
        self._title.setMinimumWidth(_TITLE)
        self._title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._scale = named("scale", QComboBox())
        self._scale.setToolTip("What the colours span")
        self._scale.setAccessibleName("Scale")
        for scale, title in SCALE_TITLES.items():
            self._scale.addItem(title, scale)
        let_shrink(self._scale)
        self._scale.activated.connect(self._on_scale_activated)
        self._shown: Strip | Picture | None = None
        heading = WrappingRow()
        heading.addWidget(self._title)
        heading.addWidget(self.picture.corner)
        self.picture.corner.hide()
        legend = WrappingRow()
        legend.addWidget(self.legend)
        legend.addWidget(self._scale)
        _stack(self, heading, legend, self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show the tokens or the picture of `scene`; what has not changed is not painted again."""
        self._scale.setCurrentIndex(self._scale.findData(scene.view.scale))
        shown = scene.strip or scene.picture
        self._scale.setVisible(shown is not None)
        self.picture.corner.setVisible(scene.picture is not None)
        is_new, self._shown = shown != self._shown, shown
        if is_new and shown is not None:
            self._title.setText(shown.title)
            self._title.set_giving_way((shown.rules, "Relevance · "))
            self.legend.show_scale(shown.limit, shown.colour_map, shown.legend)
        match shown:
            case None:
                self._clear(scene, is_new)
            case Strip():
                self._show_strip(shown, scene, is_new)
            case Picture():
                self._show_picture(shown, scene, is_new)

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.strip.set_empty_text(text)
        self.picture.picture.set_empty_text(text)

    def _show_strip(self, strip: Strip, scene: Scene, is_new: bool) -> None:
        if is_new:
            self.strip.show_relevance(strip.tokens, strip.values, strip.limit, strip.colour_map, strip.target_value)
            self.picture.clear()
        self.strip.set_target_position(explained_token(scene.question, strip.tokens, scene.position))
        self.strip.set_stale(scene.stale)
        token = -1 if scene.view.token is None else scene.view.token
        if token != self.strip.current():
            self.strip.set_current(token)
        self._pages.setCurrentWidget(self.strip)

    def _show_picture(self, picture: Picture, scene: Scene, is_new: bool) -> None:
        if is_new:
            self.picture.show_picture(picture)
            self.strip.clear()
        self.picture.show_view(scene.view)
        self.picture.set_stale(scene.stale)
        self._pages.setCurrentWidget(self.picture)

    def _clear(self, scene: Scene, is_new: bool) -> None:
        if is_new:
            self._title.setText("Relevance")
            self.legend.clear()
            self.strip.clear()
            self.picture.clear()
        self.picture.show_view(scene.view)
        self._pages.setCurrentWidget(self.strip if scene.question.image is None else self.picture)

    def _on_scale_activated(self, index: int) -> None:
        self.scale_chosen.emit(self._scale.itemData(index))


class LayersPane(QWidget):
    """All layers at once: of a text as a map with the sum of each, of a picture as a row of small heatmaps."""

    layer_clicked = Signal(object)  # int | None
    token_clicked = Signal(int)
    completed = Signal()  # the map is in its place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map: LayerMap | None = None  # from the first paint on
        self.thumbnails = LayerThumbnails()
        self.thumbnails.layer_clicked.connect(self._on_thumbnail_clicked)
        self._scene: Scene | None = None
        self._shown: Map | Thumbnails | None = None
        self._ringed: int | None = None  # the layer that the thumbnails were told
        self._drawing = QTimer(self, singleShot=True)  # in a turn of its own: the tokens are on the screen before
        self._drawing.timeout.connect(self._show)
        self._promise = _Promise()
        self._promise.painted.connect(self._on_promise_painted)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._promise)
        self._pages.addWidget(self.thumbnails)
        _stack(self, heading_label("Layers"), self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show the layers of `scene`, with the cursor where it looks."""
        self._scene = scene
        what = scene.map or scene.thumbnails
        if what is not None and what != self._shown:
            self._drawing.start()
        elif not self._drawing.isActive():
            self._show()

    def _show(self) -> None:
        scene = self._scene
        if scene is not None and scene.thumbnails is not None:
            self._show_thumbnails(scene.thumbnails, scene.view.layer)
            self.thumbnails.set_stale(scene.stale)
        elif scene is not None and self.map is not None:
            self._show_map(self.map, scene)

    def _show_map(self, layers: LayerMap, scene: Scene) -> None:
        self._pages.setCurrentWidget(layers)
        if scene.map is None:
            if self._shown is not None:
                self._shown = None
                layers.clear()
            return
        if scene.map != self._shown:
            self._shown = scene.map
            self._draw(layers, scene.map)
        layers.set_layer(scene.view.layer)
        layers.set_token(-1 if scene.view.token is None else scene.view.token)
        layers.set_stale(scene.stale)

    def _show_thumbnails(self, what: Thumbnails, layer: int | None) -> None:
        current = 0 if layer is None else layer + 1
        if what != self._shown or current != self._ringed:
            self._shown, self._ringed = what, current
            self.thumbnails.show_layers(what.maps, what.limits, what.labels, current, what.colour_map, what.extras)
        self._pages.setCurrentWidget(self.thumbnails)

    def _draw(self, layers: LayerMap, what: Map) -> None:
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
        self.map = cast("LayerMap", import_module("inspector.views.layer_map").LayerMap())
        self.map.layer_clicked.connect(self.layer_clicked)
        self.map.token_clicked.connect(self.token_clicked)
        self._pages.insertWidget(0, self.map)
        self._pages.removeWidget(self._promise)
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
        paint_empty(painter, self.rect(), "The relevance at each layer appears here.", tones(self.palette()))
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


def _stack(pane: QWidget, *parts: QWidget | QLayout) -> QVBoxLayout:
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
