"""The tokens or the picture in colour, at one layer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStackedWidget, QToolButton, QWidget

from engine.protocol.values import Medium
from inspector.look.elided_label import ElidedLabel
from inspector.look.icons import icon
from inspector.look.labels import bold
from inspector.look.naming import named
from inspector.look.wrapping_row import WrappingRow, let_shrink
from inspector.panes.columns import filled
from inspector.panes.picture_pane import PicturePane
from inspector.panes.text_pane import TextPane
from inspector.state.legends import SCALE_TITLES
from inspector.state.scene import Scene, Shown
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
        self._panes: dict[Medium, QWidget] = {"text": self.text, "picture": self.picture}
        self._pages = QStackedWidget()
        for pane in self._panes.values():
            self._pages.addWidget(pane)
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
        self._of_model = ""  # whose answer it is, where that is not the model that is asked
        heading = WrappingRow()
        heading.addWidget(self._title)
        heading.addWidget(self.picture.corner)
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
        is_new = (shown, scene.of_model) != (self._shown, self._of_model)
        self._shown, self._of_model = shown, scene.of_model
        if is_new:
            self._show_heading(shown, scene.of_model)
        for pane in (self.text, self.picture):
            pane.show_scene(scene)
        self._pages.setCurrentWidget(self._panes[scene.medium])
        self._show_pin()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a narrow pane's height for the tokens: the pin is in a menu as well."""
        super().resizeEvent(event)
        self._show_pin()

    def _show_heading(self, shown: Shown | None, of_model: str) -> None:
        if shown is None:
            self._title.setText("Relevance")
            self.legend.clear()
            return
        self._title.setText(f"{of_model} · {shown.title}" if of_model else shown.title)
        self._title.set_giving_way((shown.rules, "Relevance · "))
        self.legend.show_scale(shown.limit, shown.ramp, shown.legend)

    def _show_pin(self) -> None:
        is_beside_others = not self.picture.corner.isHidden()  # in a row that is there anyway
        has_room = is_beside_others or self.width() >= _TITLE + _PIN
        self._pin.setVisible(self._shown is not None and has_room)

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.text.set_empty_text(text)
        self.picture.set_empty_text(text)

    def _on_scale_activated(self, index: int) -> None:
        self.scale_chosen.emit(self._scale.itemData(index))
