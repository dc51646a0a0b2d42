"""A worker that answers in this process what the real one answers in its own."""

from __future__ import annotations

from engine.protocol.failures import EngineError
from engine.protocol.messages import Event, Request
from engine.runs import failure
from engine.session import Session
from engine.watch import Watch
from tests.inspector.fake_worker import FakeWorker


class HonestWorker(FakeWorker):
    """Answers what is asked, or says why not, when the test tells it to."""

    def __init__(self) -> None:
        super().__init__()
        self._session = Session()

    def answer(self) -> None:
        while self._open:
            run = min(self._open)
            self.say_about(run, self._ending(self._open[run]))

    def _ending(self, request: Request) -> Event:
        try:
            return self._session.answer(request, Watch())
        except EngineError as error:
            return failure(error)
