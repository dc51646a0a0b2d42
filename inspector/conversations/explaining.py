"""Asks for an explanation."""

from __future__ import annotations

from engine.protocol.messages import Explain
from inspector.conversations.conversation import Conversation
from inspector.state.question import Question


class Explaining(Conversation):
    """Has one question answered at a time; meanwhile the study may turn to another."""

    doing = "Explaining…"

    def explain(self, question: Question) -> None:
        """Ask `question`, unless exactly that is being asked."""
        if not self.is_busy or self.is_stopping or question != self.asked:
            self.ask(question)

    @property
    def question(self) -> Question | None:
        """The last question put to the worker."""
        return self.asked if isinstance(self.asked, Explain) else None
