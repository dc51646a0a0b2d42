"""Has the model go on from a prompt, and every token it said explained."""

from __future__ import annotations

from engine.protocol.messages import Generate
from inspector.conversations.conversation import Conversation
from inspector.state.question import Question


class Generating(Conversation):
    """Generates one answer at a time."""

    def generate(self, question: Question, max_new_tokens: int) -> None:
        """Go on from the question's prompt."""
        self.ask(Generate(question.source, question.prompt, max_new_tokens, question.continuation))


class ExplainingEach(Conversation):
    """Explains every generated token of an answer, one matrix at a time."""

    def explain_each(self, question: Question) -> None:
        """Explain every generated token of the question's prompt, where there are any."""
        asked = question.request_each()
        if asked is not None:
            self.ask(asked)
