"""Knows which model is open, and reopens it when a worker is replaced."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.protocol.frames import Hello
from engine.protocol.messages import Loaded, Unloaded
from engine.protocol.values import Memory, ModelInfo, ModelSource
from inspector.client.client import WorkerState
from inspector.conversations.activity import Activity
from inspector.conversations.conversation import Worker
from inspector.conversations.loading import Loading
from inspector.state.trouble import Remedy, Trouble


class Holding(QObject):
    """The model and the memory that the worker holds. A worker that is lost holds nothing."""

    model_changed = Signal(object)  # ModelInfo | None: the model that is open
    memory_changed = Signal(object)  # Memory | None
    troubled = Signal(object)  # Trouble: the worker was lost while it had nothing to do

    def __init__(self, worker: Worker, loading: Loading, activity: Activity, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker, self._loading, self._activity = worker, loading, activity
        self._model: ModelInfo | None = None
        self._lost: ModelSource | None = None  # what a worker that is gone held, and another is to open
        loading.loaded.connect(self._on_loaded)
        loading.unloaded.connect(self._on_unloaded)
        self._follow_worker()

    @property
    def model(self) -> ModelInfo | None:
        """The model that is open."""
        return self._model

    @property
    def opening(self) -> ModelSource | None:
        """The model on its way, also while the worker to open it starts again."""
        return self._loading.opening if self._loading.is_busy else self._lost

    def use(self, worker: Worker) -> None:
        """Go on with another worker, which holds no model yet."""
        self._worker.state_changed.disconnect(self._on_worker_state_changed)
        self._worker.greeted.disconnect(self._on_worker_greeted)
        self._worker = worker
        self._follow_worker()
        self.learn(None, None)

    def restart(self) -> None:
        """Start the worker again, once no other takes its place by itself."""
        self._worker.start()

    def learn(self, model: ModelInfo | None, memory: Memory | None) -> None:
        """Take over what is open, and the memory that is used, from an answer."""
        if model != self._model:
            self._model = model
            self.model_changed.emit(model)
        self.memory_changed.emit(memory)

    def _follow_worker(self) -> None:
        self._worker.state_changed.connect(self._on_worker_state_changed)
        self._worker.greeted.connect(self._on_worker_greeted)

    def _on_loaded(self, ending: Loaded) -> None:
        self.learn(ending.model, ending.memory)

    def _on_unloaded(self, ending: Unloaded) -> None:
        self.learn(None, ending.memory)

    def _on_worker_state_changed(self, state: WorkerState) -> None:
        if state is not WorkerState.CRASHED:
            return
        self._lose_model()
        if not self._activity.is_any:  # otherwise what is under way fails, and says so
            why = self._worker.trouble or "The worker ended unexpectedly. Another one takes its place."
            self.troubled.emit(Trouble(why, Remedy.RESTART if self._worker.trouble else None))

    def _on_worker_greeted(self, hello: Hello) -> None:
        self._lose_model()
        lost, self._lost = self._lost, None
        if lost is not None and not self._activity.is_any:
            self._loading.open(lost)

    def _lose_model(self) -> None:
        if self._model is not None:
            self._lost = None if self._worker.trouble else self._model.source  # trouble: no other worker comes
            self.learn(None, None)
