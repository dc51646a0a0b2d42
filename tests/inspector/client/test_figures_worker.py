"""The client with the worker that draws, beside one that computes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from engine.protocol.messages import Cancelled, Explain, Export, Exported, Failed, FigureFormat, Load
from engine.protocol.relevance import Relevance
from engine.protocol.values import ModelSource
from inspector.app import own_worker
from inspector.client import WorkerState
from tests.engine.figures.made_relevance import relevance as made
from tests.inspector.client.slow_question import is_in_forward_pass
from tests.inspector.client.witness import StartWorker, Witness

pytestmark = pytest.mark.process

SOURCE = ModelSource("bundled:llama")
BEGINNINGS: dict[FigureFormat, bytes] = {"png": b"\x89PNG", "pdf": b"%PDF", "tex": b"%", "csv": b"index", "json": b"{"}


@pytest.fixture
def figures(start_worker: StartWorker) -> Witness:
    return start_worker(command=own_worker("engine.figures_worker"))


@pytest.fixture
def relevance() -> Relevance:
    """An answer made up."""
    return made(["In", " 1922"])


def test_that_a_figure_is_there_before_the_explanation_beside_it(
    start_worker: StartWorker, figures: Witness, slow_question: Explain, relevance: Relevance
) -> None:
    model = start_worker(command=own_worker("engine.worker"))
    run = model.client.ask(slow_question)
    model.wait(lambda: is_in_forward_pass(model, run))
    for format, beginning in BEGINNINGS.items():
        made = figures.ending(figures.client.ask(Export(relevance, format)))
        assert isinstance(made, Exported) and made.data.startswith(beginning)
        assert not model.endings(run)
    model.client.stop(run)
    assert model.ending(run) == Cancelled()


def test_that_a_killed_worker_costs_the_figure_a_repeat(figures: Witness, relevance: Relevance) -> None:
    export = Export(relevance, "png")
    before = figures.ending(figures.client.ask(export))
    (hello,) = figures.hellos
    os.kill(hello.pid, signal.SIGSTOP)  # or it might have drawn before it is killed
    run = figures.client.ask(export)
    figures.wait_for(WorkerState.BUSY)
    os.kill(hello.pid, signal.SIGKILL)
    failed = figures.ending(run)
    assert isinstance(failed, Failed) and failed.kind == "worker_died"
    assert isinstance(before, Exported) and figures.ending(figures.client.ask(export)) == before


def test_that_nothing_but_figures_is_asked_of_it(figures: Witness, relevance: Relevance) -> None:
    failed = figures.ending(figures.client.ask(Load(SOURCE)))
    assert isinstance(failed, Failed) and failed.kind == "protocol"
    assert failed.message == "This worker draws figures and holds no model: Load is for the model's worker."
    assert isinstance(figures.ending(figures.client.ask(Export(relevance, "csv"))), Exported)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads which libraries a process has loaded")
def test_that_torch_and_qt_are_loaded_neither_before_nor_after_a_figure(figures: Witness, relevance: Relevance) -> None:
    for format in BEGINNINGS:
        figures.ending(figures.client.ask(Export(relevance, format)))
    libraries = Path(f"/proc/{figures.hellos[0].pid}/maps").read_text()
    assert "numpy" in libraries
    assert "torch" not in libraries and "PySide6" not in libraries


def test_that_a_figure_that_is_waited_for_goes_no_later_than_other_work(figures: Witness) -> None:
    figures.wait_for(WorkerState.READY)
    pid = figures.hellos[0].pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0)
