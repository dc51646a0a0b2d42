"""The progress of a run on one line, with a button to stop it."""

from __future__ import annotations

from typing import assert_never

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from engine.protocol.messages import Phase
from inspector.look.elided_label import ElidedLabel
from inspector.look.icons import icon
from inspector.look.theme import Space

_STEPS = 1000
_WORDS = 100  # points that tell what runs, in the narrowest window


class ProgressLine(QWidget):
    """A label, a bar and Stop; hidden while nothing runs."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ElidedLabel(parent=self)
        self._text.setMinimumWidth(_WORDS)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setMinimumWidth(40)
        self._stop = QPushButton(icon("stop"), "Stop", self)
        self._stop.setToolTip("Stop at the next block (Esc)")
        self._stop.clicked.connect(self._on_stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.SMALL, Space.HAIR, Space.SMALL, Space.HAIR)
        row.setSpacing(Space.SMALL)
        row.addWidget(self._text)
        row.addWidget(self._bar, 1)
        row.addWidget(self._stop)
        self.hide()

    def start(self, text: str) -> None:
        """Show that a run has begun, before it reports how far it is."""
        self._stop.setEnabled(True)
        self._show(text, 0, 0)

    def show_progress(self, phase: Phase, done: int, total: int) -> None:
        """`done` of `total` in a phase; total 0: not known."""
        self._show(phase_text(phase, done, total), done, total)

    def clear(self) -> None:
        self.hide()
        self._stop.setEnabled(True)

    def text(self) -> str:
        return self._text.text()

    def _show(self, text: str, done: int, total: int) -> None:
        if self._stop.isEnabled():  # else it says that it is stopping
            self._text.setText(text)
        self._bar.setRange(0, _STEPS if total > 0 else 0)
        if total > 0:
            self._bar.setValue(min(done * _STEPS // total, _STEPS))
        self.show()

    def _on_stop(self) -> None:
        self._stop.setEnabled(False)
        self._text.setText("Stopping …")
        self.stopped.emit()


def phase_text(phase: Phase, done: int, total: int) -> str:
    """What a run does, in words."""
    match phase:
        case "download":
            return f"Downloading {_bytes(done, total)}"
        case "load":
            return f"Loading weights {done}/{total}" if total else "Loading weights"
        case "generate":
            return f"Generating, token {done} of {total}" if total else "Generating"
        case "forward":
            return f"Forward, block {done} of {total}" if total else "Forward"
        case "backward":
            return f"Backward, block {done} of {total}" if total else "Backward"
        case "matrix":
            return f"Explaining each token, {done} of {total}" if total else "Explaining each token"
        case "rate":
            return f"Taking patches away, {done} of {total}" if total else "Taking patches away"
        case "lens":
            return f"Reading layers, {done} of {total}" if total else "Reading layers"
        case "check":
            return f"Checking the model, {done} of {total}" if total else "Checking the model"
        case "typeset":
            return "Typesetting"
    assert_never(phase)


def _bytes(done: int, total: int) -> str:
    """Both counts in the unit that suits the larger: "1.2 of 3.4 GB"."""
    largest = max(done, total)
    power = next((p for p in (3, 2, 1) if largest >= 1000**p), 0)
    unit = ("bytes", "kB", "MB", "GB")[power]
    if power == 0:
        return f"{done} of {total} bytes" if total else f"{done} bytes"
    sizes = [f"{count / 1000**power:.1f}" for count in ((done, total) if total else (done,))]
    return f"{' of '.join(sizes)} {unit}"
