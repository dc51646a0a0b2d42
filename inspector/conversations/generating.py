"""Has the model go on from a prompt, and everything it said explained."""

from __future__ import annotations

from engine.protocol.inputs import Text
from engine.protocol.messages import Generate
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation
from inspector.state.question import Question, each_of


class Generating(Conversation):
    """One answer at a time."""

    def generate(self, source: ModelSource, text: Text, max_new_tokens: int) -> None:
        """Go on from a text."""
        self.ask(Generate(source, text, max_new_tokens))


class ExplainingEach(Conversation):
    """One matrix at a time."""

    def explain_each(self, question: Question) -> None:
        """Explain every generated token of the question's prompt, where there are any."""
        asked = each_of(question)
        if asked is not None:
            self.ask(asked)
