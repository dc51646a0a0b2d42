"""The status bar: the worker, its memory, and the answer's time."""

from __future__ import annotations

from typing import assert_never

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from engine.protocol.messages import Progress
from engine.protocol.values import Memory, ModelInfo
from inspector.client.client import WorkerState
from inspector.look.elided_label import ElidedLabel
from inspector.look.labels import plain_label
from inspector.look.theme import Space
from inspector.state.amounts import share_in_words
from inspector.state.scene import Scene
from inspector.views.progress_line import ProgressLine


class StatusBar(QStatusBar):
    """Progress on the left, facts on the right."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._worker = plain_label()
        self._worker.setContentsMargins(Space.SMALL, 0, Space.SMALL, 0)
        self._progress = ProgressLine()
        self._progress.stopped.connect(self.stopped)
        self.addWidget(self._worker)
        self.addWidget(self._progress, 1)
        self._plain = self._worker.foregroundRole()
        self._model, self._memory, self._time = (self._fact(name) for name in _FACTS)

    def minimumSizeHint(self) -> QSize:
        """The words are cut where there is no room: a run that begins widens no window."""
        return QSize(0, super().minimumSizeHint().height())

    def show_worker(self, state: WorkerState) -> None:
        self._worker.setText(f"Worker: {_state_in_words(state)}")

    def show_activity(self, activity: str | Progress | None) -> None:
        """Say what is going on; None is nothing."""
        match activity:
            case None:
                self._progress.clear()
            case str():
                self._progress.start(activity)
            case Progress(phase, done, total):
                self._progress.show_progress(phase, done, total)

    def show_model(self, model: ModelInfo | None) -> None:
        self._say(self._model, f"{model.title} · {model.dtype} · {model.device}" if model else "")

    def show_memory(self, memory: Memory | None) -> None:
        self._say(self._memory, share_in_words(memory.used, memory.total) if memory else "")

    def show_scene(self, scene: Scene) -> None:
        plain = QPalette.ColorRole.PlaceholderText if scene.stale else self._plain
        if plain != self._time.foregroundRole():  # each time it is set the label is painted
            self._time.setForegroundRole(plain)
        self._say(self._time, "" if scene.seconds is None else f"{scene.seconds:.2f} s")

    def _fact(self, name: str) -> QLabel:
        label = ElidedLabel() if name in _LONG else plain_label()
        label.setAccessibleName(name)
        label.setToolTip(_FACTS[name])
        label.setContentsMargins(Space.SMALL, 0, Space.SMALL, 0)
        label.hide()
        self.addPermanentWidget(label)
        return label

    @staticmethod
    def _say(label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))


_FACTS = {
    "Model": "The model that is open, its type, and the device it is on",
    "Memory": "Memory in use on the model's device",
    "Time": "How long the explanation took",
}
_LONG = ("Model",)  # which is cut where there is no room


def _state_in_words(state: WorkerState) -> str:
    match state:
        case WorkerState.OFF:
            return "off"
        case WorkerState.STARTING:
            return "starting"
        case WorkerState.READY:
            return "ready"
        case WorkerState.BUSY:
            return "busy"
        case WorkerState.CRASHED:
            return "ended"
    assert_never(state)
