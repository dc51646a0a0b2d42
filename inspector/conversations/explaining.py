"""Asks for an explanation and teaches the study the answer."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.protocol.messages import Explained
from inspector.conversations.conversation import Conversation, Worker
from inspector.state.question import Question
from inspector.state.study import Study


class Explaining(Conversation):
    """Has one question answered at a time; meanwhile the study may turn to another."""

    def __init__(self, worker: Worker, study: Study, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._study = study
        self._asked: Question | None = None
        self.succeeded.connect(self._on_succeeded)

    @property
    def asked(self) -> Question | None:
        """The last question put to the worker."""
        return self._asked

    def explain(self, question: Question) -> None:
        """Ask `question`, unless exactly that is being asked."""
        if self.is_busy and not self.is_stopping and question == self._asked:
            return
        self._asked = question
        self.ask(question.request())

    def _on_succeeded(self, answer: Explained) -> None:
        self._study.learn(answer)
