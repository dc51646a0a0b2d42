"""The client with the worker that draws, beside one that computes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from slow_question import is_in_forward_pass
from witness import StartWorker, Witness

from engine.protocol.messages import Cancelled, Explain, Export, Exported, Failed, FigureFormat, Load
from engine.protocol.targets import Top
from engine.protocol.values import ModelInfo, ModelSource, Relevance, ResolvedTarget, Token
from inspector.app import own_worker
from inspector.client import WorkerState

SOURCE = ModelSource("bundled:llama")
BEGINNINGS: dict[FigureFormat, bytes] = {"png": b"\x89PNG", "pdf": b"%PDF", "tex": b"%", "csv": b"part", "json": b"{"}


@pytest.fixture
def figures(start_worker: StartWorker) -> Witness:
    return start_worker(command=own_worker("engine.figures_worker"))


@pytest.fixture
def relevance() -> Relevance:
    """An answer made up."""
    info = ModelInfo(SOURCE, "Llama", "LlamaForCausalLM", None, 1_000, 3, 512, 64, "cpu", "float32", 4_000)
    tokens = (Token(5, "In", 0, 2, "In"), Token(6, " 1922", 2, 7, "1922"))
    layers = np.array([[1, -2]] * 4, np.float32)
    return Relevance(
        info, "In 1922", tokens, ResolvedTarget(Top(), "“7”", 1, ((1, 7, 1.0),)), "attnlrp", 2.5, layers[0], layers, {}
    )


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
