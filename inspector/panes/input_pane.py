"""The input: a prompt or a picture, above the numbers of the gamma rules; folded, one line."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from engine.protocol.rule_names import Gamma, gamma_of
from engine.protocol.values import Image, Medium, ModelInfo
from inspector.look.labels import heading_label
from inspector.look.naming import named
from inspector.look.numbers import in_tokens
from inspector.look.theme import Space
from inspector.state.question import Question
from inspector.state.scene import Scene
from inspector.views.gammas.gamma_panel import GammaPanel
from inspector.views.input.folded_input import FoldedInput
from inspector.views.input.image_input import ImageInput
from inspector.views.input.prompt_editor import PromptEditor


class InputPane(QWidget):
    """The page follows the question, or what the model takes; a person may look at the other.

    `title` is the row of tabs, for the head of the dock, and `line` what stands for the pane while it is folded.
    """

    gamma_chosen = Signal(str)  # the name of the rule set
    explore_requested = Signal()
    fold_requested = Signal()

    def __init__(self, editor: PromptEditor, image: ImageInput, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._image = editor, image
        self._shown: Image | None = None
        self._count: int | None = None
        self.line = FoldedInput()
        self.pages = QStackedWidget()
        self.tabs = named("input_pages", QTabBar())
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("What is asked about")
        self._add_page(editor, "Prompt")
        self._add_page(image, "Image")
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.pages.currentChanged.connect(self.tabs.setCurrentIndex)
        self._fold = named("fold", QToolButton())
        self._fold.setText("Fold")
        self._fold.setAutoRaise(True)
        self._fold.setAccessibleName("Fold the input to a line")
        self._fold.clicked.connect(self.fold_requested)
        self.title = self._made_title()
        self._page_of: dict[Medium, QWidget] = {"text": editor, "picture": image}
        image.picture_changed.connect(self._show_line)
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
        whole.addWidget(self.pages, 1)
        whole.addWidget(self._rules)

    def set_key(self, key: str) -> None:
        """The key that folds the input to its line, and from there unfolds it."""
        self.line.set_key(key)
        self._fold.setToolTip(f"Fold to a line ({key})")

    def show_question(self, question: Question) -> None:
        """Show the prompt or picture that is asked about; what was written stays beside a picture."""
        asked = question.input
        image = asked.image
        if image is None:
            self._editor.set_text(asked.text)
        if image != self._shown:
            self._shown = image
            self._show_image(image)
            self.pages.setCurrentWidget(self._page_of[asked.medium])
        self._show_line()
        self.gamma.set_explorable(image is not None)
        gamma = gamma_of(question.rules)
        self._rules.setVisible(gamma is not None)
        if gamma is not None and gamma != Gamma(*self.gamma.values()):
            self.gamma.set_values(gamma.conv, gamma.linear, gamma.attention)

    def show_model(self, model: ModelInfo | None) -> None:
        """Offer what `model` takes, where nothing else is being asked about."""
        if model is not None and self._shown is None:
            self.pages.setCurrentWidget(self._page_of[model.takes])

    def show_count(self, count: int | None, limit: int | None) -> None:
        """How many tokens the prompt has, and how many the model takes; None where that is not known."""
        self._count = count
        self._editor.set_count(count, limit)
        self._show_line()

    def take_keys(self) -> None:
        """Give the keys to the page in front."""
        if page := self.pages.currentWidget():
            page.setFocus()

    def prompt_in_front(self) -> str:
        """The prompt, while it is to be seen though a picture is asked about; empty otherwise."""
        in_front = self._shown is not None and self.pages.currentWidget() is self._editor
        return self._editor.text() if in_front else ""

    def show_scene(self, scene: Scene) -> None:
        """Say what was done to the picture for the model to see it."""
        seen = None if scene.relevance is None or scene.stale else scene.relevance.seen
        self._image.set_note("" if seen is None else seen.note)

    def _add_page(self, page: QWidget, title: str) -> None:
        self.pages.addWidget(page)
        self.tabs.addTab(title)

    def _made_title(self) -> QWidget:
        title = QWidget()
        row = QHBoxLayout(title)
        row.setContentsMargins(Space.SMALL, Space.TIGHT, Space.TIGHT, 0)
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self._fold)
        return title

    def _show_image(self, image: Image | None) -> None:
        if image is None:
            self._image.show_image(None, "")
        else:
            self._image.show_image(image.data, image.name)

    def _show_line(self) -> None:
        if self._shown is not None:
            name, size = self._image.name_and_size()
            self.line.show_input("Image", name, self._image.copy())
            self.line.show_count(size)
        else:
            self.line.show_input("Prompt", self._editor.text())
            self.line.show_count("" if self._count is None else in_tokens(self._count))

    def _on_gamma_changed(self, conv: float, linear: float, attention: str) -> None:
        self.gamma_chosen.emit(Gamma(conv, linear, "cp" if attention == "cp" else "attnlrp").name)
