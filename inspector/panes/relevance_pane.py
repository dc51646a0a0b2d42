"""The tokens or the picture in colour, at one layer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStackedWidget, QToolButton, QWidget

from engine.protocol.inputs import image_in
from inspector.look.elided_label import ElidedLabel
from inspector.look.icons import icon
from inspector.look.labels import bold
from inspector.look.naming import named
from inspector.look.wrapping_row import WrappingRow, let_shrink
from inspector.panes.columns import filled
from inspector.panes.picture_pane import PicturePane
from inspector.panes.text_pane import TextPane
from inspector.state.legends import SCALE_TITLES
from inspector.state.picture import ShownPicture
from inspector.state.scene import Scene, Shown, explained_token
from inspector.state.text import ShownText
from inspector.views.legend import Legend

_TITLE = 216  # points that the title keeps beside what is at its right
_PIN = 120  # points that the pin takes


class RelevancePane(QWidget):
    """The tokens, or the picture, with the colours of one layer; the title says which."""

    scale_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = TextPane()
        self.strip = self.text.strip
        self.picture = PicturePane()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.text)
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
        self._pin = named("pin", QToolButton())
        self._pin.hide()
        self._shown: Shown | None = None
        heading = WrappingRow()
        heading.addWidget(self._title)
        heading.addWidget(self.picture.corner)
        self.picture.corner.hide()
        heading.addWidget(self._pin)
        legend = WrappingRow()
        legend.addWidget(self.legend)
        legend.addWidget(self._scale)
        filled(self, heading, legend, self._pages)

    def set_pin_action(self, action: QAction) -> None:
        """What the button does that pins an answer, and when it can."""
        action.setIcon(icon("pin"))
        self._pin.setDefaultAction(action)
        self._pin.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._pin.setAutoRaise(True)

    def show_scene(self, scene: Scene) -> None:
        """Show the tokens or the picture of `scene`; what has not changed is not painted again."""
        self._scale.setCurrentIndex(self._scale.findData(scene.view.look.scale))
        shown = scene.part
        self._scale.setVisible(shown is not None)
        self.picture.corner.setVisible(scene.picture is not None)
        is_new, self._shown = shown != self._shown, shown
        self._show_pin()
        if is_new and shown is not None:
            self._title.setText(shown.title)
            self._title.set_giving_way((shown.rules, "Relevance · "))
            self.legend.show_scale(shown.limit, shown.colour_map, shown.legend)
        match shown:
            case None:
                self._clear(scene, is_new)
            case ShownText():
                self._show_text(shown, scene, is_new)
            case ShownPicture():
                self._show_picture(shown, scene, is_new)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a narrow pane's height for the tokens: the pin is in a menu as well."""
        super().resizeEvent(event)
        self._show_pin()

    def _show_pin(self) -> None:
        is_beside_others = isinstance(self._shown, ShownPicture)  # in a row that is there anyway
        has_room = is_beside_others or self.width() >= _TITLE + _PIN
        self._pin.setVisible(self._shown is not None and has_room)

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.text.set_empty_text(text)
        self.picture.picture.set_empty_text(text)

    def _show_text(self, text: ShownText, scene: Scene, is_new: bool) -> None:
        if is_new:
            self.text.show_text(text)
            self.picture.clear()
        self.text.set_target_position(explained_token(scene.question, text.tokens, scene.position))
        self.text.set_stale(scene.stale)
        self.text.set_current(-1 if scene.view.token is None else scene.view.token)
        self._pages.setCurrentWidget(self.text)

    def _show_picture(self, picture: ShownPicture, scene: Scene, is_new: bool) -> None:
        if is_new:
            self.picture.show_picture(picture)
            self.text.clear()
        self.picture.show_view(scene.view)
        self.picture.set_stale(scene.stale)
        self._pages.setCurrentWidget(self.picture)

    def _clear(self, scene: Scene, is_new: bool) -> None:
        if is_new:
            self._title.setText("Relevance")
            self.legend.clear()
            self.text.clear()
            self.picture.clear()
        self.picture.show_view(scene.view)
        self._pages.setCurrentWidget(self.text if image_in(scene.question.input) is None else self.picture)

    def _on_scale_activated(self, index: int) -> None:
        self.scale_chosen.emit(self._scale.itemData(index))
