"""Opens and unloads models, and knows which one was asked for last."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.protocol.messages import Ending, Load, Loaded, Unload, Unloaded
from engine.protocol.values import ModelSource
from inspector.conversations.conversation import Conversation, Worker


class Loading(Conversation):
    """At most one model is open; the one asked for last wins."""

    doing = "Opening the model…"

    started = Signal(object)  # ModelSource
    loaded = Signal(object)  # Loaded
    unloaded = Signal(object)  # Unloaded

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._opening: ModelSource | None = None
        self.succeeded.connect(self._on_succeeded)

    @property
    def opening(self) -> ModelSource | None:
        """The model asked for last, open or not."""
        return self._opening

    @property
    def is_opening(self) -> bool:
        """Whether a model is on its way."""
        return self.is_busy and self._opening is not None

    def open(self, source: ModelSource) -> None:
        """Open `source` and let go of the model before."""
        self._opening = source
        self.ask(Load(source))
        self.started.emit(source)

    def unload(self) -> None:
        """Give the model's memory back."""
        self._opening = None
        self.ask(Unload())

    def _on_succeeded(self, ending: Ending) -> None:
        match ending:
            case Loaded():
                self.loaded.emit(ending)
            case Unloaded():
                self.unloaded.emit(ending)
