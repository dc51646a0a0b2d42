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


@pytest.fixture
def slow_latex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A LaTeX that writes its number to the file and never ends; temporary files go to `tmp` beside the file."""
    programs, number = tmp_path / "bin", tmp_path / "number"
    (tmp_path / "tmp").mkdir()
    programs.mkdir()
    (programs / "xelatex").write_text(f"#!/bin/sh\necho $$ > {number}.part; mv {number}.part {number}; sleep 600\n")
    (programs / "xelatex").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return number


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks the system whether a process runs")
@pytest.mark.parametrize("way", ["closed", "killed"])
def test_that_no_latex_outlives_the_worker(
    slow_latex: Path, start_worker: StartWorker, relevance: Relevance, way: str
) -> None:
    figures = start_worker(command=own_worker("engine.figures_worker"))
    figures.client.ask(Export(relevance, "pdf"))
    figures.wait(slow_latex.exists)
    engine = Path(f"/proc/{int(slow_latex.read_text())}")
    assert list((slow_latex.parent / "tmp").glob("lxt-figure-*"))
    if way == "closed":
        figures.client.close()
    else:
        os.kill(figures.hellos[0].pid, signal.SIGKILL)
    figures.wait(lambda: not _runs(engine))
    if way == "killed":  # nobody was there to clear up; who draws next does
        figures.wait_for(WorkerState.READY)
        slow_latex.unlink()
        figures.client.ask(Export(relevance, "pdf"))
        figures.wait(slow_latex.exists)
        assert len(list((slow_latex.parent / "tmp").glob("lxt-figure-*"))) == 1
        figures.client.close()
    assert not list((slow_latex.parent / "tmp").glob("lxt-figure-*"))


def _runs(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
