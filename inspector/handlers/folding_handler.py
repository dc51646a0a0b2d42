"""Folds the input to a line once it is explained, and unfolds it where it is to be changed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.protocol.inputs import Input
from engine.protocol.messages import Explained
from engine.protocol.rule_names import gamma_of
from inspector.conversations.inquiry import Inquiry
from inspector.panes.frame import Frame
from inspector.state.question import Question
from inspector.state.trouble import Trouble


class FoldingHandler(QObject):
    """The answer to a new input folds it, and so does the one that Explain was pressed for; no other answer does."""

    def __init__(self, window: Frame, inquiry: Inquiry) -> None:
        super().__init__(window)
        self._window, self._inquiry = window, inquiry
        self._explained: Input | None = None
        self._is_awaited = False  # Explain was pressed
        self._rules = inquiry.study.question.rules
        window.input.line.clicked.connect(self.unfold)
        window.input.fold_requested.connect(self.fold)
        inquiry.answered.connect(self._on_answered)
        inquiry.taken_over.connect(self._on_taken_over)
        inquiry.study.question_changed.connect(self._on_question_changed)

    def expect(self) -> None:
        """Fold when the answer comes, whether or not the input is a new one."""
        self._is_awaited = True

    def turn(self) -> None:
        """Go to where the input is edited; from there, fold it."""
        if self._window.is_input_folded or not self._window.has_keys_in_input():
            self.unfold()
        else:
            self.fold()

    def fold(self) -> None:
        self._is_awaited = False
        self._window.fold_input(True)

    def unfold(self) -> None:
        """Show the editor, and give it the keys."""
        self._is_awaited = False
        self._window.fold_input(False)
        self._window.input.take_keys()

    def show_trouble(self, trouble: Trouble) -> None:
        """Show what has to be changed before there can be an answer."""
        if trouble.is_of_input:
            self._is_awaited = False
            self._window.fold_input(False)

    def _on_answered(self, answer: Explained) -> None:
        if not self._inquiry.study.is_answered:
            return  # written on meanwhile
        asked = self._inquiry.study.question.input
        if self._is_awaited or asked != self._explained:
            self.fold()
        self._explained = asked

    def _on_taken_over(self) -> None:
        self._explained = None
        self._window.fold_input(False)

    def _on_question_changed(self, question: Question) -> None:
        """Show the numbers of the gamma rules when these are chosen: they stand below the input."""
        if gamma_of(question.rules) is not None and gamma_of(self._rules) is None:
            self._window.fold_input(False)
        self._rules = question.rules
