"""Asks for what an answer does not hold: a detail of it."""

from __future__ import annotations

from engine.protocol.messages import Request
from inspector.conversations.conversation import Conversation


class Detailing(Conversation):
    """Asks for one detail at a time."""

    doing = "Looking closer…"

    def look_into(self, request: Request, doing: str) -> None:
        """Ask `request`; `doing` is what a person reads until it is answered."""
        self.doing = doing
        self.ask(request)
