"""The input: a prompt or a picture, above the numbers of the gamma rules; folded, one line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from engine.protocol.inputs import Chat, ForDecoder, Input, Message, Pair, Picture, Text, is_empty, words_of
from engine.protocol.rule_names import Gamma, gamma_of
from engine.protocol.values import Image, ModelInfo
from inspector.look.labels import heading_label
from inspector.look.naming import named
from inspector.look.numbers import in_tokens
from inspector.look.theme import Space
from inspector.state.question import Question
from inspector.state.scene import Scene
from inspector.views.gammas.gamma_panel import GammaPanel
from inspector.views.input.chat_editor import ChatEditor
from inspector.views.input.folded_input import FoldedInput
from inspector.views.input.image_input import ImageInput
from inspector.views.input.prompt_editor import PromptEditor
from inspector.views.input.texts_editor import TextsEditor

_CONTEXT = "The context that holds the answer, a hypothesis, a document"
_SAID = "What the decoder has said; may stay empty"
_NAMES: dict[type[Input], str] = {Text: "Prompt", Chat: "Chat", Pair: "Pair", ForDecoder: "Decoder", Picture: "Image"}


class InputPane(QWidget):
    """The page follows the question, or what the model takes; a person may look at the other.

    `title` is the row of tabs, for the head of the dock, and `line` what stands for the pane while it is folded.
    """

    gamma_chosen = Signal(str)  # the name of the rule set
    explore_requested = Signal()
    fold_requested = Signal()
    written = Signal(object)  # Input: a chat, or several texts, as a person types them
    submitted = Signal()
    files_dropped = Signal(list)  # local paths

    def __init__(self, editor: PromptEditor, image: ImageInput, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._image = editor, image
        self._asked: Input = Text()
        self._model: ModelInfo | None = None
        self._counts: Sequence[int] | None = None
        self.line = FoldedInput()
        self.pages = QStackedWidget()
        self.tabs = named("input_pages", QTabBar())
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setAccessibleName("What is asked about")
        self.chat = ChatEditor()
        self.pair = TextsEditor((("First text", "A question, a claim, a query"), ("Second text", _CONTEXT)))
        self.decoder = TextsEditor((("Source", "What the encoder reads"), ("Said so far", _SAID)), counts_each=True)
        for page, title in (
            (editor, "Prompt"),
            (self.chat, "Chat"),
            (self.pair, "Pair"),
            (self.decoder, "Decoder"),
            (image, "Image"),
        ):
            self._add_page(page, title)
        for texts in (self.chat, self.pair, self.decoder):
            texts.submitted.connect(self.submitted)
            texts.files_dropped.connect(self.files_dropped)
        self.chat.messages_changed.connect(self._on_written)
        self.pair.texts_changed.connect(self._on_written)
        self.decoder.texts_changed.connect(self._on_written)
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.pages.currentChanged.connect(self.tabs.setCurrentIndex)
        self._fold = named("fold", QToolButton())
        self._fold.setArrowType(Qt.ArrowType.UpArrow)
        self._fold.setAutoRaise(True)
        self._fold.setAccessibleName("Fold the input to a line")
        self._fold.clicked.connect(self.fold_requested)
        self.title = self._made_title()
        self._page_of: dict[type[Input], QWidget] = {
            Text: editor,
            Chat: self.chat,
            Pair: self.pair,
            ForDecoder: self.decoder,
            Picture: image,
        }
        self._offer(None)
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
        asked, before = question.input, self._asked
        self._asked = asked
        image = asked.image
        match asked:
            case Text(text, continuation):
                self._editor.set_text(text)
                self._editor.mark_said(None if continuation is None else continuation.start)
            case Chat(messages, continuation):
                self.chat.set_messages([(message.role, message.content) for message in messages])
                self.chat.mark_said(None if continuation is None else continuation.start)
            case Pair(text, context):
                self.pair.set_texts((text, context))
            case ForDecoder(text, decoder_text, _, continuation):
                self.decoder.set_texts((text, decoder_text))
                self.decoder.mark_said(1, None if continuation is None else continuation.start)
        if image != before.image:
            self._show_image(image)
        if image != before.image or type(asked) is not type(before):
            self._offer(self._model)
            self.pages.setCurrentWidget(self._page_of[type(asked)])
        self._show_line()
        self.gamma.set_explorable(image is not None)
        gamma = gamma_of(question.rules)
        self._rules.setVisible(gamma is not None)
        if gamma is not None and gamma != Gamma(*self.gamma.values()):
            self.gamma.set_values(gamma.conv, gamma.linear, gamma.attention)

    def show_model(self, model: ModelInfo | None) -> None:
        """Offer what `model` takes, where nothing else is being asked about."""
        self._model = model
        self._offer(model)
        if model is not None and isinstance(self._asked, Text):
            self.pages.setCurrentWidget(self._image if model.takes == "picture" else self._editor)

    def show_counts(self, counts: Sequence[int] | None, limit: int | None) -> None:
        """How many tokens the input has, and a decoder's text, and how many the model takes; None: not known."""
        self._counts = counts
        count = counts[0] if counts else None
        asked = self._page_of[type(self._asked)]
        for page in (self._editor, self.chat):
            page.set_count(count if page is asked else None, limit)
        for texts in (self.pair, self.decoder):
            texts.set_counts(counts if texts is asked else None, limit)
        self._show_line()

    def select(self, which: int, start: int, end: int) -> None:
        """Select characters of one of the texts that are asked about."""
        match self._asked:
            case Pair():
                self.pair.select(which, start, end)
            case ForDecoder():
                self.decoder.select(which, start, end)
            case _:
                self._editor.select(start, end)

    def take_keys(self) -> None:
        """Give the keys to the page in front."""
        if page := self.pages.currentWidget():
            page.setFocus()

    def text_in_front(self) -> Input | None:
        """What is written on the page that is to be seen, where another is asked about; None otherwise."""
        page = self.pages.currentWidget()
        if page is self._page_of[type(self._asked)] or page is self._image:
            return None
        written = self._written(page)
        return None if is_empty(written) else written

    def show_scene(self, scene: Scene) -> None:
        """Say what was done to the picture for the model to see it."""
        seen = None if scene.relevance is None or scene.stale else scene.relevance.seen
        self._image.set_note("" if seen is None else seen.note)

    def _written(self, page: QWidget | None) -> Input:
        if page is self.chat:
            return Chat(tuple(Message(role, content) for role, content in self.chat.messages()))
        if page is self.pair:
            return Pair(*self.pair.texts())
        if page is self.decoder:
            source, said = self.decoder.texts()
            return ForDecoder(source, said)
        return Text(self._editor.text())

    def _on_written(self) -> None:
        self.written.emit(self._written(self.pages.currentWidget()))

    def _offer(self, model: ModelInfo | None) -> None:
        """Show the tabs of what the model takes, and of what is asked about."""
        offered = {
            self.chat: model is not None and model.takes_chats,
            self.pair: model is not None and model.takes_pairs,
            self.decoder: model is not None and model.predicts == "sequence to sequence",
        }
        for page, is_taken in offered.items():
            is_asked = page is self._page_of[type(self._asked)]
            self.tabs.setTabVisible(self.pages.indexOf(page), is_taken or is_asked)
        self.tabs.updateGeometry()  # Qt does not: the last tab would be cut off

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
        if self._asked.image is not None:
            name, size = self._image.name_and_size()
            self.line.show_input("Image", name, self._image.copy())
            self.line.show_count(size)
        else:
            self.line.show_input(_NAMES[type(self._asked)], words_of(self._asked))
            self.line.show_count(in_tokens(self._counts[0]) if self._counts else "")

    def _on_gamma_changed(self, conv: float, linear: float, attention: str) -> None:
        self.gamma_chosen.emit(Gamma(conv, linear, "cp" if attention == "cp" else "attnlrp").name)
