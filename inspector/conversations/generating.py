"""Has the model go on from a prompt."""

from __future__ import annotations

from engine.protocol.inputs import Chat, Text
from engine.protocol.messages import Generate
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation


class Generating(Conversation):
    """Generates one answer at a time."""

    doing = "Generating…"

    def generate(self, source: ModelSource, input: Text | Chat, max_new_tokens: int) -> None:
        """Go on from a text, or answer a chat."""
        self.ask(Generate(source, input, max_new_tokens))
