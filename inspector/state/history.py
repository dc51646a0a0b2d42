"""The way back: questions as they followed each other."""

from __future__ import annotations

from inspector.state.question import Question

PAUSE = 2.0  # seconds without a key that end a step of typing
DEPTH = 200


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
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

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
