"""The present activity of the workers for a person, in words, and the way to stop it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from engine.protocol.messages import Progress
from inspector.conversations.conversation import Conversation, Worker


class Activity(QObject):
    """Follows the conversations that a person waits for; of several that are busy, the first is told.

    Those `beside` have another worker than the model's.
    """

    changed = Signal(object)  # str | Progress | None

    def __init__(
        self, with_model: Sequence[Conversation], beside: Sequence[Conversation], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._with_model = tuple(with_model)
        self._all = (*with_model, *beside)
        for conversation in self._all:
            conversation.progressed.connect(self._on_progressed)
            conversation.busy_changed.connect(self._on_busy_changed)

    @property
    def is_any(self) -> bool:
        """True while the model's worker does something that could be stopped."""
        return any(conversation.is_busy for conversation in self._with_model)

    def use(self, worker: Worker) -> None:
        """Go on with another worker for the model."""
        for conversation in self._with_model:
            conversation.use(worker)

    def stop(self) -> None:
        """End what is going on at the next block."""
        for conversation in self._all:
            conversation.stop()
        self._tell()

    def _on_progressed(self, progress: Progress) -> None:
        if not self._is_stopping:
            self.changed.emit(progress)

    def _on_busy_changed(self, busy: bool) -> None:
        self._tell()

    def _tell(self) -> None:
        busy = [conversation.doing for conversation in self._all if conversation.is_busy]
        self.changed.emit("Stopping…" if busy and self._is_stopping else next(iter(busy), None))

    @property
    def _is_stopping(self) -> bool:
        return any(conversation.is_stopping for conversation in self._all)
