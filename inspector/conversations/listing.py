"""Asks which models lie on the worker's machine."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.protocol.messages import Listed, ListModels
from inspector.conversations.conversation import Conversation, Worker


class Listing(Conversation):
    """The models that need no download, asked for whenever somebody wants to choose one."""

    listed = Signal(object)  # tuple[CachedModel, ...]

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self.succeeded.connect(self._on_succeeded)

    def refresh(self) -> None:
        """Ask again, unless that is under way."""
        if not self.is_busy:
            self.ask(ListModels())

    def _on_succeeded(self, ending: Listed) -> None:
        self.listed.emit(ending.models)
