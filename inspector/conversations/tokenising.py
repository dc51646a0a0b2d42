"""Counts the prompt's tokens while it is being typed."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from engine.protocol.messages import Tokenize, Tokenized
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation, Worker

PAUSE_MS = 250  # without a key, before it is worth asking


class Tokenising(Conversation):
    """The live count: asked when typing pauses, and only of a model that is open."""

    counted = Signal(int)

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._wanted: Tokenize | None = None
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._on_paused)
        self.succeeded.connect(self._on_succeeded)

    @property
    def is_waiting(self) -> bool:
        """Whether a text is to be counted once typing pauses."""
        return self._timer.isActive()

    def count(self, source: ModelSource, text: str) -> None:
        """Count the tokens of `text` once no other text follows."""
        self._wanted = Tokenize(source, text)
        self._timer.start()

    def forget(self) -> None:
        """Count nothing: the model is gone or the count is known."""
        self._timer.stop()
        self.drop()

    def _on_paused(self) -> None:
        if self._wanted is not None:
            self.ask(self._wanted)

    def _on_succeeded(self, ending: Tokenized) -> None:
        self.counted.emit(len(ending.tokens))
