"""A window on watched clients: the real one, with its two workers."""

from __future__ import annotations

import os
from pathlib import Path

from engine.protocol.inputs import Text
from engine.protocol.looks import Drawing
from engine.protocol.messages import Export, FigureFormat
from engine.protocol.values import ModelSource
from inspector.app import own_worker
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.window import Window
from tests.campaigns.watched_client import WatchedClient, wait
from tests.inspector.client.witness import is_alive

SOURCE = ModelSource("bundled:llama")
PROMPT = "In 1922 the British expedition reached 8,320 m. According to the text, the {} expedition reached 8,"
LONGEST = 120  # seconds in which whatever has to come does: torch is imported in them


class WatchedWindow:
    """A window whose first question is asked; what its workers were asked and ended is noted."""

    def __init__(self, source: ModelSource = SOURCE) -> None:
        self.client = WatchedClient(own_worker("engine.worker"), spare=True)
        self.figures = WatchedClient(own_worker("engine.figures_worker"), spare=False)
        self.client.start()
        self.study = Study(Question(source, Text(PROMPT.format(1922))))
        clients = self.client, self.figures
        self.window = Window(*clients, self.study, Profile(SettingsFile(None)), lambda command: self.client)
        self.window.show()
        self.inquiry = self.window.inquiry
        self.written = 0
        self.inquiry.exporting.written.connect(self._on_written)
        self.inquiry.open_model(source)

    def close(self) -> int:
        """End it; how many processes are left."""
        self.window.close()
        self.window.deleteLater()
        for client in (self.client, self.figures):
            client.close()
        return len(children())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self.client.is_settled and self.figures.is_settled and not self.inquiry.activity.is_any

    @property
    def is_at_rest(self) -> bool:
        """Whether the question is answered and nothing is under way."""
        return self.is_idle and self.study.is_answered

    @property
    def is_ready(self) -> bool:
        """Whether it is at rest, and a spare waits."""
        return self.is_at_rest and self.client.has_spare

    def export(self, path: Path, form: FigureFormat = "csv", drawing: Drawing = "tokens") -> None:
        """Have the answer on show drawn into a file."""
        assert self.study.shown is not None
        self.inquiry.export(Export(self.study.shown.relevance, form, drawing), path)

    def exports_again(self, path: Path) -> bool:
        """Whether the figure that is asked for now is written."""
        written = self.written
        self.export(path)
        return wait(lambda: self.written > written, LONGEST)

    def _on_written(self, path: Path, note: str) -> None:
        self.written += 1


def children() -> list[int]:
    """The processes that this one started and that live."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in map(int, started) if is_alive(pid)]
