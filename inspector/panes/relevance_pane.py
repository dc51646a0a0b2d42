"""The tokens or the picture in colour, at one layer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QToolButton, QWidget

from engine.protocol.values import Medium
from inspector.look.icons import icon
from inspector.look.naming import named
from inspector.look.wrapping_row import WrappingRow
from inspector.panes.columns import filled
from inspector.panes.heading_line import HeadingLine
from inspector.panes.picture_pane import PicturePane
from inspector.panes.text_pane import TextPane
from inspector.state.legends import SCALE_TITLES
from inspector.state.scene import Scene, Shown
from inspector.views.scale_control import ScaleControl

_ROOMY = 560  # points: a window less high keeps its room for the tokens


class RelevancePane(QWidget):
    """The tokens, or the picture, with the colours of one layer, under the question that they answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = TextPane()
        self.strip = self.text.strip
        self.picture = PicturePane()
        self._panes: dict[Medium, QWidget] = {"text": self.text, "picture": self.picture}
        self._pages = QStackedWidget()
        for pane in self._panes.values():
            self._pages.addWidget(pane)
        self.heading = HeadingLine()
        self.scale = ScaleControl(SCALE_TITLES)
        self.scale.hide()
        self._pin = named("pin", QToolButton())
        self._pin.setAutoRaise(True)
        self._pin.hide()
        self._shown: Shown | None = None
        row = WrappingRow()
        for part in (self.heading, self._pin, self.picture.corner, self.scale):
            row.addWidget(part)
        filled(self, row, self._pages)

    def set_pin_action(self, action: QAction) -> None:
        """What the button does that pins an answer, and when it can."""
        action.setIcon(icon("pin"))
        self._pin.setDefaultAction(action)
        self._pin.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def show_scene(self, scene: Scene) -> None:
        """Show the tokens or the picture of `scene`; what has not changed is not painted again."""
        through = None if scene.text is None else scene.text.through
        self.scale.show_look(scene.view.look, "layer" if through is None else through.part.kind)
        shown, self._shown = scene.part, scene.part
        self._show_controls()
        self.heading.show_heading(scene.heading, scene.promise, scene.is_defect)
        self.heading.set_stale(scene.stale)
        if shown is not None:
            is_of_tokens = scene.medium == "text"
            left_out = "; of the decoder ".join(
                part.left_out_in_words for part in scene.parts if part.left_out_in_words
            )
            self.scale.show_scale(shown.limit, shown.ramp, shown.legend, left_out, is_of_tokens)
        for pane in (self.text, self.picture):
            pane.show_scene(scene)
        self._pages.setCurrentWidget(self._panes["text" if scene.said else scene.medium])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what little height there is for the tokens: what the controls do is in a menu as well."""
        super().resizeEvent(event)
        self._show_controls()

    def _show_controls(self) -> None:
        for widget in (self.scale, self._pin):
            widget.setVisible(self._shown is not None and self.window().height() >= _ROOMY)

    def wanted_height(self) -> int | None:
        """What the tokens and the heading over them take; None where a picture takes what there is."""
        if self._shown is None or self._pages.currentWidget() is not self.text:
            return None
        return self.height() - self._pages.height() + self.text.wanted_height()

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.text.set_empty_text(text)
        self.picture.set_empty_text(text)
