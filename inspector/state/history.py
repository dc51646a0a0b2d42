"""The history of questions: undo and redo, by named steps."""

from __future__ import annotations

from engine.protocol.inputs import Chat, ForDecoder, Input, Pair, Picture, Text
from inspector.state.question import Question

PAUSE = 2.0  # seconds without a key that end a step of typing
DEPTH = 200


def step_name(before: Question, after: Question) -> str:
    """What the step from one question to the next changed, in words."""
    if before.source != after.source:
        return "other model"
    if before.input != after.input:
        return _INPUTS[type(after.input)] if not _goes_on(before, after) else "generated text"
    return "other rules" if before.rules != after.rules else "other target"


def _goes_on(before: Question, after: Question) -> bool:
    """Whether the model said itself what is new."""
    if not isinstance(before.input, Text) or not isinstance(after.input, Text):
        return False
    return after.input.continuation is not None and after.input.text.startswith(before.input.text)


_INPUTS: dict[type[Input], str] = {
    Text: "other prompt",
    Pair: "other texts",
    ForDecoder: "other texts",
    Chat: "other messages",
    Picture: "other picture",
}


class History:
    """Questions in the order they were asked, and where one stands. Typing without a pause is one step."""

    def __init__(self, question: Question) -> None:
        self._past: list[Question] = []
        self._present = question
        self._future: list[Question] = []
        self._typed_at: float | None = None

    @property
    def present(self) -> Question:
        return self._present

    @property
    def undo_name(self) -> str:
        """What undoing takes back, in words; empty where there is nothing to undo."""
        return step_name(self._past[-1], self._present) if self._past else ""

    @property
    def redo_name(self) -> str:
        """What redoing brings back, in words; empty where there is nothing to redo."""
        return step_name(self._present, self._future[-1]) if self._future else ""

    def go_on(self, question: Question, typed_at: float | None = None) -> None:
        """Make `question` the present. `typed_at` is the time in seconds if it differs by typing."""
        if question == self._present:
            return
        goes_on_typing = (
            typed_at is not None and self._typed_at is not None and typed_at - self._typed_at < PAUSE and self._past
        )
        if not goes_on_typing:
            self._past.append(self._present)
            del self._past[:-DEPTH]
        self._typed_at = typed_at
        self._present = question
        self._future.clear()

    def amend(self, question: Question) -> None:
        """Change the present without a step."""
        self._present = question

    def end_step(self) -> None:
        """Make what is typed next a step of its own."""
        self._typed_at = None

    def undo(self) -> None:
        if self._past:
            self._future.append(self._present)
            self._present = self._past.pop()
            self._typed_at = None

    def redo(self) -> None:
        if self._future:
            self._past.append(self._present)
            self._present = self._future.pop()
            self._typed_at = None

    def take_back(self) -> None:
        """Undo a step as if it had never been."""
        self.undo()
        self._future.clear()
