"""Takes a picture of the window once the explanation is there."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, QTimer
from PySide6.QtWidgets import QApplication

from engine.protocol.failures import EngineError
from engine.protocol.messages import Explained
from engine.writing import write_file
from inspector.state.trouble import Trouble
from inspector.window import Window

TIME_LIMIT = 15 * 60  # seconds for download, load and explanation
SETTLING_MS = 300  # for what is laid out or loaded after the first paint


class Screenshot(QObject):
    """Waits for the answer, takes the picture, and ends the program: 0 if the file was written, 1 if not."""

    def __init__(self, window: Window, path: Path, layer: int | None) -> None:
        super().__init__(window)
        self._window, self._path, self._layer = window, path, layer
        window.inquiry.answered.connect(self._on_answered)
        window.troubled.connect(self._on_troubled)
        self._limit = QTimer(self, singleShot=True, interval=TIME_LIMIT * 1000)
        self._limit.timeout.connect(self._on_time_limit)
        self._limit.start()
        self._settling = QTimer(self, singleShot=True, interval=SETTLING_MS)
        self._settling.timeout.connect(self._take)

    def _on_answered(self, answer: Explained) -> None:
        layers = len(answer.relevance.layers)
        if self._layer is not None and not 0 <= self._layer < layers:
            self._give_up(f"There is no layer {self._layer}: this model has 0 to {layers - 1}.")
        else:
            self._window.study.look_at_layer(self._layer)
            self._settling.start()

    def _on_troubled(self, trouble: Trouble) -> None:
        self._give_up(trouble.message)

    def _on_time_limit(self) -> None:
        self._give_up(f"There was no explanation within {TIME_LIMIT} seconds.")

    def _take(self) -> None:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if not self._window.grab().save(buffer, "PNG"):
            self._give_up("The picture could not be made.")
            return
        try:
            write_file(self._path, bytes(buffer.data().data()))
        except EngineError as error:
            self._give_up(str(error))
        else:
            self._end(0)

    def _give_up(self, message: str) -> None:
        print(message, file=sys.stderr)
        self._end(1)

    def _end(self, code: int) -> None:
        """End the program from within its loop, which may not run yet: then there would be nothing to leave."""
        QTimer.singleShot(0, partial(self._leave, code))

    def _leave(self, code: int) -> None:
        QApplication.setQuitOnLastWindowClosed(False)  # which would end with 0
        self._window.close()
        QApplication.exit(code)
