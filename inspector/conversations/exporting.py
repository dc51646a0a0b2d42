"""Has a figure made by the figures' worker and writes it to a file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from engine.protocol.failures import EngineError
from engine.protocol.messages import Export, Exported, ExportGrid, Failed
from engine.writing import is_stream, write_file
from inspector.conversations.conversation import Conversation, Worker


class Exporting(Conversation):
    """One figure at a time; the window stays free while it is typeset and written.

    The worker for it is another than the model's. It is started when there is something to draw for the first time.
    """

    doing = "Exporting…"

    written = Signal(object, str)  # Path, and what had to be done without

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._path = Path()
        self._reply = _Reply(self)
        self._reply.written.connect(self.written)
        self._reply.refused.connect(self._on_refused)
        self.succeeded.connect(self._on_succeeded)

    @property
    def path(self) -> Path:
        """Where the last figure goes."""
        return self._path

    def get_ready(self) -> None:
        """Have the worker started by the time a figure is asked for, which is going to happen."""
        self._worker.start()

    def export(self, request: Export | ExportGrid, path: Path) -> None:
        """Make the figure and put it at `path`, all of it or nothing. A stream is refused: nobody may read it."""
        with suppress(OSError):  # writing says what is wrong
            if is_stream(path):
                self._on_refused(
                    EngineError(f"“{path}” is no file but a stream. Choose another name.", "figure_failed")
                )
                return
        self.get_ready()
        self._path = path
        self.ask(request)

    def _on_succeeded(self, ending: Exported) -> None:
        QThreadPool.globalInstance().start(_Writing(self._path, ending, self._reply))

    def _on_refused(self, error: EngineError) -> None:
        self.failed.emit(Failed(error.kind, str(error)))


class _Reply(QObject):
    """Carries the end of a write back to the window's thread."""

    written = Signal(object, str)
    refused = Signal(object)  # EngineError


class _Writing(QRunnable):
    """The write itself, off the window's thread: a network drive may take its time."""

    def __init__(self, path: Path, exported: Exported, reply: _Reply) -> None:
        super().__init__()
        self._path, self._exported, self._reply = path, exported, reply

    def run(self) -> None:
        try:
            write_file(self._path, self._exported.data)
        except EngineError as error:
            self._reply.refused.emit(error)
        else:
            self._reply.written.emit(self._path, self._exported.note)
