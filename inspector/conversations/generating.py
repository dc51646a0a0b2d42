"""Has the model go on from a prompt."""

from __future__ import annotations

from engine.protocol.inputs import Text
from engine.protocol.messages import Generate
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation


class Generating(Conversation):
    """Generates one answer at a time."""

    doing = "Generating…"

    def generate(self, source: ModelSource, text: Text, max_new_tokens: int) -> None:
        """Go on from a text."""
        self.ask(Generate(source, text, max_new_tokens))
