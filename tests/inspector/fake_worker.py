"""A client without a process: it notes what it is asked, and the test gives the answers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.protocol.frames import Hello
from engine.protocol.messages import (
    Cancelled,
    Event,
    Examine,
    Explain,
    ExplainEach,
    Export,
    Exported,
    ExportGrid,
    Failed,
    FindNeurons,
    Generate,
    Listed,
    ListModels,
    Load,
    LookAtHead,
    LookAtHeads,
    OpenBlock,
    Progress,
    Rate,
    ReadLayers,
    Request,
    Tokenize,
    Unload,
    Unloaded,
)
from engine.protocol.values import CachedModel
from inspector.client.client import WorkerState
from tests.inspector.answers import (
    MEMORY,
    answer_to,
    block_opened,
    examined,
    generated,
    head_found,
    heads_found,
    layers_read,
    loaded,
    matrix_of,
    neurons_found,
    rated,
    tokenized,
)

HELLO = Hello(4, {"torch": "2.0", "transformers": "5.0"}, ("cpu", "cuda:0"), 4711)
MODELS = (
    CachedModel("bundled:llama", "Llama, recall", 4_100_000, "bundled"),
    CachedModel("bundled:gpt2", "GPT-2, recall", 4_300_000, "bundled"),
    CachedModel("somebody/some-model", "some-model", 1_240_000_000, "hub"),
)


class FakeWorker(QObject):
    """Has the client's signals and methods; `answer` is what a worker would say to each kind of request."""

    state_changed = Signal(object)
    said = Signal(int, object)
    greeted = Signal(object)
    logged = Signal(str)
    replaced = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.state = WorkerState.OFF
        self.hello: Hello | None = None
        self.asked: list[tuple[int, Request]] = []
        self.stopped: list[int] = []
        self.is_closed = False
        self.trouble = ""
        self.start_limit: int | None = None
        self._open: dict[int, Request] = {}

    # -- as the client ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.become(WorkerState.STARTING)

    def set_start_limit(self, seconds: int) -> None:
        self.start_limit = seconds

    def close(self) -> None:
        self.is_closed = True

    def ask(self, request: Request) -> int:
        run = len(self.asked) + 1
        self.asked.append((run, request))
        self._open[run] = request
        return run

    def stop(self, run: int) -> None:
        self.stopped.append(run)

    # -- as the test's hand ----------------------------------------------------------------------------------------

    @property
    def open(self) -> list[Request]:
        """The requests that have not ended, oldest first."""
        return list(self._open.values())

    def become(self, state: WorkerState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def greet(self) -> None:
        self.hello = HELLO
        self.become(WorkerState.READY)
        self.greeted.emit(HELLO)

    def say(self, kind: type[Any], event: Event) -> None:
        """Say `event` about the newest open request of a kind; an ending closes it."""
        run = max(run for run, request in self._open.items() if isinstance(request, kind))
        self.say_about(run, event)

    def say_about(self, run: int, event: Event) -> None:
        if not isinstance(event, Progress):
            self._open.pop(run, None)
        self.said.emit(run, event)

    def answer(self) -> None:
        """End every open request as a worker in good health would, and those that follow from the answers."""
        while self._open:
            run = min(self._open)
            request = self._open[run]
            self.say_about(run, Cancelled() if run in self.stopped else good_ending(request))

    def die(self) -> None:
        """End as the client tells of a worker that was killed."""
        self.become(WorkerState.CRASHED)
        for run in list(self._open):
            self.say_about(run, Failed("worker_died", "The worker ended unexpectedly (killed)."))
        self.become(WorkerState.STARTING)


def good_ending(request: Request) -> Event:
    """What a worker says in the end when nothing is wrong."""
    match request:
        case Load(source):
            return loaded(source)
        case Unload():
            return Unloaded(MEMORY)
        case Tokenize():
            return tokenized(request)
        case Explain():
            return answer_to(request)
        case Generate():
            return generated(request)
        case ExplainEach():
            return matrix_of(request)
        case Examine():
            return examined(request)
        case LookAtHeads():
            return heads_found(request)
        case LookAtHead():
            return head_found(request)
        case OpenBlock():
            return block_opened(request)
        case FindNeurons():
            return neurons_found(request)
        case ReadLayers():
            return layers_read(request)
        case ListModels():
            return Listed(MODELS)
        case Rate():
            return rated(request)
        case Export() | ExportGrid():
            return Exported(b"%PDF-made-up", "")
