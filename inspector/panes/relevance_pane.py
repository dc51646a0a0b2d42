"""The tokens or the picture in colour, at one layer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStackedWidget, QWidget

from engine.protocol.inputs import image_in
from inspector.look.elided_label import ElidedLabel
from inspector.look.labels import bold
from inspector.look.naming import named
from inspector.look.wrapping_row import WrappingRow, let_shrink
from inspector.panes.columns import filled
from inspector.panes.picture_pane import PicturePane
from inspector.state.picture import Picture
from inspector.state.scene import SCALE_TITLES, Scene, Strip, explained_token
from inspector.views.legend import Legend
from inspector.views.tokens.token_strip import TokenStrip

_TITLE = 216  # points that the title keeps beside what is at its right


class RelevancePane(QWidget):
    """The tokens, or the picture, with the colours of one layer; the title says which."""

    scale_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = TokenStrip()
        self.picture = PicturePane()
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
        filled(self, heading, legend, self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show the tokens or the picture of `scene`; what has not changed is not painted again."""
        self._scale.setCurrentIndex(self._scale.findData(scene.view.look.scale))
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
        self._pages.setCurrentWidget(self.strip if image_in(scene.question.input) is None else self.picture)

    def _on_scale_activated(self, index: int) -> None:
        self.scale_chosen.emit(self._scale.itemData(index))
