"""The input: a prompt or a picture, above the numbers of the gamma rules."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.protocol.rule_names import Gamma, gamma_of
from engine.protocol.values import Image, Medium, ModelInfo
from inspector.look.labels import heading_label
from inspector.look.theme import Space
from inspector.state.question import Question
from inspector.state.scene import Scene
from inspector.views.gammas.gamma_panel import GammaPanel
from inspector.views.input.image_input import ImageInput
from inspector.views.input.prompt_editor import PromptEditor


class InputPane(QWidget):
    """The tab follows the question, or what the model takes; a person may look at the other."""

    gamma_chosen = Signal(str)  # the name of the rule set
    explore_requested = Signal()

    def __init__(self, editor: PromptEditor, image: ImageInput, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._image = editor, image
        self._shown: Image | None = None
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(editor, "Prompt")
        self.tabs.addTab(image, "Image")
        self._tab_of: dict[Medium, QWidget] = {"text": editor, "picture": image}
        self.gamma = GammaPanel()
        self.gamma.changed.connect(self._on_gamma_changed)
        self.gamma.explore_requested.connect(self.explore_requested)
        self._rules = QWidget()
        column = QVBoxLayout(self._rules)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        column.setSpacing(Space.SMALL)
        column.addWidget(heading_label("Gamma rules"))
        column.addWidget(self.gamma)
        self._rules.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.tabs, 1)
        whole.addWidget(self._rules)

    def show_question(self, question: Question) -> None:
        """Show the prompt or picture that is asked about; what was written stays beside a picture."""
        asked = question.input
        image = asked.image
        if image is None:
            self._editor.set_text(asked.text)
        if image != self._shown:
            self._shown = image
            self._show_image(image)
            self.tabs.setCurrentWidget(self._tab_of[asked.medium])
        self.gamma.set_explorable(image is not None)
        gamma = gamma_of(question.rules)
        self._rules.setVisible(gamma is not None)
        if gamma is not None and gamma != Gamma(*self.gamma.values()):
            self.gamma.set_values(gamma.conv, gamma.linear, gamma.attention)

    def show_model(self, model: ModelInfo | None) -> None:
        """Offer what `model` takes, where nothing else is being asked about."""
        if model is not None and self._shown is None:
            self.tabs.setCurrentWidget(self._tab_of[model.takes])

    def prompt_in_front(self) -> str:
        """The prompt, while it is to be seen though a picture is asked about; empty otherwise."""
        in_front = self._shown is not None and self.tabs.currentWidget() is self._editor
        return self._editor.text() if in_front else ""

    def show_scene(self, scene: Scene) -> None:
        """Say what was done to the picture for the model to see it."""
        seen = None if scene.relevance is None or scene.stale else scene.relevance.seen
        self._image.set_note("" if seen is None else seen.note)

    def _show_image(self, image: Image | None) -> None:
        if image is None:
            self._image.show_image(None, "")
        else:
            self._image.show_image(image.data, image.name)

    def _on_gamma_changed(self, conv: float, linear: float, attention: str) -> None:
        self.gamma_chosen.emit(Gamma(conv, linear, "cp" if attention == "cp" else "attnlrp").name)
