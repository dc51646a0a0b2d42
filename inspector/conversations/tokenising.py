"""Counts the tokens of what is asked about while it is being typed."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from engine.protocol.inputs import Texts, is_empty
from engine.protocol.messages import Tokenize, Tokenized
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation, Worker

PAUSE_MS = 250  # without a key, before it is worth asking


class Tokenising(Conversation):
    """The live count: never that of another text; asked when typing pauses, and only of a model that is open.

    Of an encoder-decoder's two texts each has a count, for each has the model's limit to itself.
    """

    counted = Signal(object)  # tuple[int, ...] | None: the tokens of what is looked at, where that is known

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._text: Tokenize | None = None
        self._counts: tuple[int, ...] | None = None  # of its tokens
        self._lost: Tokenize | None = None  # what a worker was ended at, which is not asked again
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._on_paused)
        self.succeeded.connect(self._on_succeeded)
        self.cancelled.connect(self._on_cancelled)

    @property
    def is_waiting(self) -> bool:
        """Whether a text is to be counted once typing pauses."""
        return self._timer.isActive()

    def look_at(self, source: ModelSource, input: Texts) -> None:
        """Tell what is known of `input`, which is nothing where it is another than before."""
        request = Tokenize(source, input)
        if request != self._text:
            self.forget()
            self._text, self._counts = request, None
        self.counted.emit(self._counts)

    def count(self) -> None:
        """Count the tokens of the text looked at once no other text follows, unless they are known."""
        if self._text is None or is_empty(self._text.input) or self._text == self._lost:
            return
        if self._counts is None and not self.is_busy:
            self._timer.start()

    def learn(self, source: ModelSource, input: Texts, counts: tuple[int, ...]) -> None:
        """Take over the counts of `input` from an answer."""
        self.forget()
        self._text, self._counts = Tokenize(source, input), counts
        self.counted.emit(counts)

    def forget(self) -> None:
        """Count nothing: the model is gone, or an answer is going to tell."""
        self._timer.stop()
        self.drop()

    def _on_paused(self) -> None:
        if self._text is not None:
            self.ask(self._text)

    def _on_cancelled(self) -> None:
        """Ended, and nobody here had stopped it: its worker hung."""
        self._lost = self._text

    def _on_succeeded(self, ending: Tokenized) -> None:
        self._counts = (len(ending.tokens), len(ending.decoder)) if ending.decoder else (len(ending.tokens),)
        self.counted.emit(self._counts)
