"""Has the model go on from a prompt."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from engine.protocol.inputs import Chat, ForDecoder, Text
from engine.protocol.messages import Generate, Generated, Progress
from engine.protocol.values import Manner, ModelSource
from inspector.conversations.conversation import Conversation, Worker
from inspector.state.saying import Saying
from inspector.state.study import Study


class Generating(Conversation):
    """Generates one answer at a time; the study hears each token as it is said, until all of them are there."""

    doing = "Generating…"

    def __init__(self, worker: Worker, study: Study, parent: QObject | None = None) -> None:
        super().__init__(worker, parent)
        self._study = study
        self._saying: Saying | None = None
        self.progressed.connect(self._on_progressed)
        self.busy_changed.connect(self._on_busy_changed)
        self.succeeded.connect(self._on_succeeded)

    def generate(
        self, source: ModelSource, input: Text | Chat | ForDecoder, max_new_tokens: int, manner: Manner
    ) -> None:
        """Go on from a text or a decoder's, or answer a chat."""
        self.ask(Generate(source, input, max_new_tokens, manner))

    def _on_progressed(self, progress: Progress) -> None:
        if isinstance(self.asked, Generate) and progress.said:
            self._saying = Saying(self.asked.source, self.asked.input, progress.said)
            self._study.hear(self._saying)

    def _on_busy_changed(self, busy: bool) -> None:
        self._study.hear(None)
        if busy:
            self._saying = None

    def _on_succeeded(self, answer: Generated) -> None:
        if self._saying is not None:
            self._study.hear(replace(self._saying, whole=answer.input))


def generating_in_words(max_new_tokens: int, manner: Manner) -> str:
    """What Generate does."""
    where = ", up to a line break" if manner.stop_at_line else ""
    if manner.temperature:
        how = f"drawn at temperature {manner.temperature:g} with seed {manner.seed}"
    else:
        how = "the likeliest each time (temperature 0)"
    return f"Let the model go on from the prompt by {max_new_tokens} tokens at most{where}, {how}"
