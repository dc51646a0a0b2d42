"""Reads the file of a picture off the window's thread: a large one, or a network drive, takes its time."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from engine.protocol.failures import ImageError
from inspector.intake.pictures import read_picture


class PictureReader(QObject):
    """Tells of the file that was asked for last; what comes of those before is of no more interest."""

    was_read = Signal(object, object)  # Path, Image
    was_refused = Signal(str)
    _ended = Signal(int, object, object)  # number, Path, Image or the sentence that says why there is none

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._number = 0
        self._ended.connect(self._on_ended)

    def read(self, path: Path) -> None:
        """Read `path` in place of what is being read."""
        self.forget()
        QThreadPool.globalInstance().start(_Reading(self._number, path, self))

    def forget(self) -> None:
        """Tell of nothing that is being read."""
        self._number += 1

    def _on_ended(self, number: int, path: Path, found: object) -> None:
        if number != self._number:
            return
        if isinstance(found, str):
            self.was_refused.emit(found)
        else:
            self.was_read.emit(path, found)


class _Reading(QRunnable):
    def __init__(self, number: int, path: Path, reader: PictureReader) -> None:
        super().__init__()
        self._number, self._path, self._reader = number, path, reader

    def run(self) -> None:
        try:
            found: object = read_picture(self._path)
        except ImageError as error:
            found = str(error)
        self._reader._ended.emit(self._number, self._path, found)
