"""Finds out what of a prompt is beyond the model's limit, and what of it to keep."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal

from engine.protocol.messages import Tokenize, Tokenized
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation, Worker
from inspector.look.numbers import in_tokens
from inspector.state.cutting import Kept, beyond, cut


class Shortening(Conversation):
    """Cuts a prompt at a token, where a person has said what is to be kept of it."""

    doing = "Counting tokens…"

    was_cut = Signal(str, str, str)  # the prompt as it was, what is kept of it, and a sentence that says so
    lies_beyond = Signal(int, int)  # the characters beyond the limit, for a person to choose

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._limit = 0
        self._kept: Kept | Literal["choice"] = "choice"
        self.succeeded.connect(self._on_succeeded)

    def shorten(self, source: ModelSource, prompt: str, limit: int, kept: Kept | Literal["choice"]) -> None:
        """Keep the end or the beginning of `prompt`, at most `limit` tokens of it; or tell what is beyond them."""
        self._limit, self._kept = limit, kept
        self.ask(Tokenize(source, prompt))

    def _on_succeeded(self, ending: Tokenized) -> None:
        asked = self.asked
        assert isinstance(asked, Tokenize)
        if self._kept == "choice":
            self.lies_beyond.emit(*beyond(ending.tokens, self._limit))
            return
        left = cut(asked.text, ending.tokens, self._limit, self._kept)
        side = "beginning" if self._kept == "end" else "end"
        over = in_tokens(len(ending.tokens) - self._limit)
        said = f"The prompt's {side} was left out, {over} beyond the limit; Undo brings it back."
        self.was_cut.emit(asked.text, left, said)
