"""Finds out what of an input is beyond the model's limit, and what of it to keep."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal

from engine.protocol.inputs import Chat, ForDecoder, Pair, Texts
from engine.protocol.messages import Tokenize, Tokenized
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation, Worker
from inspector.look.numbers import in_tokens
from inspector.state.cutting import Kept, beyond, shortened


class Shortening(Conversation):
    """Cuts an input at a token, where a person has said what is to be kept of it."""

    doing = "Counting tokens…"

    was_cut = Signal(object, object, str)  # the input as it was, what is kept of it, and a sentence that says so
    lies_beyond = Signal(int, int, int)  # which text, and its characters beyond the limit, for a person to choose

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._limit = 0
        self._kept: Kept | Literal["choice"] = "choice"
        self.succeeded.connect(self._on_succeeded)

    def shorten(self, source: ModelSource, input: Texts, limit: int, kept: Kept | Literal["choice"]) -> None:
        """Keep of `input` what `kept` says, at most `limit` tokens; or tell what is beyond them."""
        self._limit, self._kept = limit, kept
        self.ask(Tokenize(source, input))

    def _on_succeeded(self, ending: Tokenized) -> None:
        asked = self.asked
        assert isinstance(asked, Tokenize)
        if self._kept == "choice":
            self.lies_beyond.emit(*beyond(asked.input, ending, self._limit))
            return
        left = shortened(asked.input, ending, self._limit, self._kept)
        over = in_tokens(max(len(ending.tokens), len(ending.decoder)) - self._limit)
        said = f"{_gone(asked.input, left, ending, self._limit, self._kept)} left out, {over} beyond the limit"
        self.was_cut.emit(asked.input, left, f"{said}; Undo brings it back.")


def _gone(whole: Texts, left: Texts, found: Tokenized, limit: int, kept: Kept) -> str:
    """What is no longer there, as the beginning of a sentence."""
    side = "end" if kept == "beginning" else "beginning"
    match whole, left:
        case Chat(before), Chat(after) if kept == "newest":
            count = len(before) - len(after)
            return "The oldest message was" if count == 1 else f"The {count} oldest messages were"
        case Chat(), _:
            return "The chat's beginning was"
        case Pair(), Pair():
            is_both = left.text != whole.text and left.context != whole.context
            return "The end of both texts was" if is_both else "The end of the longer text was"
        case ForDecoder(), _:
            text = "source" if len(found.tokens) > limit else "decoder's text"
            return f"The {side} of the {text} was"
        case _:
            return f"The prompt's {side} was"
