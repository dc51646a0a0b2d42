"""The window on its own worker process and the bundled model."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QGraphicsView, QLineEdit
from pytestqt.qtbot import QtBot

from engine.protocol.inputs import Text
from engine.protocol.messages import Export
from engine.protocol.values import ModelSource
from engine.reading.colours import colour_table
from inspector.app import new_figures_worker, new_worker
from inspector.client.client import WorkerClient, WorkerState
from inspector.dialogs.export import PRODUCTS, ExportDialog
from inspector.dialogs.preferences import Preferences
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.state.view import View
from inspector.window import Window
from tests.inspector.waiting import wait_until

pytestmark = pytest.mark.process

MODEL = "bundled:llama"
PROMPT = "In 1922 the British expedition reached 8,320 m. According to the text, the 1922 expedition reached 8,"
BEGINNINGS = {".pdf": b"%PDF", ".png": b"\x89PNG", ".tex": b"%"}
PATIENCE = 180_000  # ms: torch is imported in it, on a machine that may be busy
QUESTION = Question(ModelSource(MODEL), Text(PROMPT))


@contextmanager
def opened(figures: WorkerClient | None = None) -> Iterator[tuple[Window, WorkerClient]]:
    """A window whose first question is answered, and the client of its worker."""
    client = new_worker("", spare=False)
    client.start()
    window = Window(client, figures or new_figures_worker(), Study(QUESTION), Profile(SettingsFile(None)), new_worker)
    window.show()
    wait_until(lambda: window.layers.text.map is not None)
    window.inquiry.open_model(QUESTION.source)
    wait_until(lambda: window.study.is_answered)
    yield window, client
    window.close()
    window.deleteLater()
    client.close()


@pytest.fixture(scope="module")
def shared(qapp: QApplication) -> Iterator[tuple[Window, WorkerClient]]:
    """One worker for all tests but that of its end: torch is imported once."""
    with opened() as pair:
        yield pair


@pytest.fixture
def client(shared: tuple[Window, WorkerClient]) -> WorkerClient:
    return shared[1]


@pytest.fixture
def window(shared: tuple[Window, WorkerClient]) -> Window:
    """A window whose first question is answered, and looked at as at first."""
    window, _ = shared
    window.study.ask(QUESTION)
    window.study.look(View())
    assert window.study.is_answered
    return window


@pytest.fixture
def answered(window: Window, qtbot: QtBot) -> Callable[[], None]:
    """Waits until the present question is answered."""
    return lambda: qtbot.waitUntil(lambda: window.study.is_answered, timeout=PATIENCE)


@pytest.fixture
def exporting(window: Window, qtbot: QtBot) -> Callable[[int, Path], None]:
    """Saves one of the dialog's products at a path, as by hand."""

    def export(index: int, path: Path) -> None:
        window.commands["file.export"].trigger()
        dialog = next(each for each in window.findChildren(ExportDialog) if each.isVisible())
        dialog.choose(index)
        dialog.findChild(QLineEdit, "export_path").setText(str(path))
        with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
            dialog.accept()

    return export


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0]


def test_that_a_question_is_followed_through_rules_layers_positions_and_targets(window, answered, tmp_path, qtbot):
    window.commands["rules.cp-lrp"].trigger()
    answered()
    relevance = window.study.shown.relevance
    assert "".join(token.text for token in relevance.tokens) == PROMPT
    assert np.allclose(relevance.layers.sum(axis=1), relevance.value, atol=1e-3)

    window.study.look_at_layer(2)
    window.relevance.strip.position_clicked.emit(5)
    answered()
    assert window.study.scene.choice.position == 5
    assert window.study.view.look.layer == 2

    second = window.study.scene.choice.predictions[1]
    window.table.explained.emit(second.id)
    answered()
    assert window.study.shown.relevance.value == pytest.approx(second.logit, abs=1e-3)

    first = window.study.scene.choice.predictions[0]
    window.table.set_against.emit(first.id)
    answered()
    assert window.study.shown.relevance.value == pytest.approx(second.logit - first.logit, abs=1e-3)

    refused = []
    window.inquiry.target_refused.connect(refused.append)
    window.table.text_target_entered.emit("surely not one token of any model")
    qtbot.waitUntil(lambda: bool(refused), timeout=PATIENCE)
    assert window.study.is_answered

    path = tmp_path / "relevance.csv"
    with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
        window.inquiry.export(Export(window.study.shown.relevance, "csv"), path)
    assert path.stat().st_size > 0


@pytest.mark.parametrize("index", range(len(PRODUCTS)), ids=[f"{each.stem}{each.suffix}" for each in PRODUCTS])
def test_that_everything_on_offer_is_exported_from_the_dialog(exporting, tmp_path, index):
    path = tmp_path / f"figure{PRODUCTS[index].suffix}"
    exporting(index, path)
    if path.suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8"))["prompt"] == PROMPT
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            assert "".join(row["text"] for row in csv.DictReader(file)) == PROMPT
    else:
        assert path.read_bytes().startswith(BEGINNINGS[path.suffix])


def test_that_the_map_is_clicked_and_colours_change_while_it_is_looked_at(window, qtbot):
    strip, layers = window.relevance.strip, window.layers.text.map
    place = layers.cell_rect(2, 5).center()
    qtbot.mouseClick(layers.findChild(QGraphicsView).viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: window.study.view.look.layer == 2, timeout=PATIENCE)
    assert (window.study.view.token, strip.current()) == (5, 5)

    most = int(np.abs(window.study.scene.text.values).argmax())
    end = -1 if window.study.scene.text.values[most] > 0 else 0
    for name in ("bwr", "CET_D1A"):
        window.commands["edit.preferences"].trigger()
        window.findChild(Preferences).choose_colour_map(name)
        rect = strip.token_rects(most)[0]
        seen = strip.viewport().grab().toImage().pixelColor(rect.center().x(), rect.bottom() - 2)
        assert seen.getRgb()[:3] == tuple(colour_table(name)[end])


def test_that_a_killed_worker_costs_a_click_and_nothing_else(window, client, answered, qtbot):
    before = window.study.shown
    os.kill(client.hello.pid, signal.SIGSTOP)  # or it might have answered before it is killed
    window.commands["rules.gradient"].trigger()
    qtbot.waitUntil(lambda: client.state is WorkerState.BUSY, timeout=PATIENCE)
    qtbot.wait(200)  # the request leaves with the event loop
    os.kill(client.hello.pid, signal.SIGKILL)
    qtbot.waitUntil(window.notices.failure.isVisible, timeout=PATIENCE)
    assert window.study.shown is before
    window.notices.failure.acted.emit(0)
    answered()
    assert window.study.shown.relevance.rules == "gradient"
    assert not window.notices.failure.isVisible()


def test_that_a_figure_is_written_while_the_model_computes(window, client, exporting, answered, tmp_path):
    os.kill(client.hello.pid, signal.SIGSTOP)  # an explanation that takes as long as it has to
    window.inquiry.choose_position(3)
    try:
        exporting(0, tmp_path / "figure.pdf")
        assert window.inquiry.explaining.is_busy
    finally:
        os.kill(client.hello.pid, signal.SIGCONT)
    answered()


def test_that_closing_the_window_ends_the_workers(qapp, qtbot, tmp_path):
    figures = new_figures_worker()
    with opened(figures) as (window, client):
        assert figures.state is WorkerState.OFF  # nothing has been exported
        with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
            window.inquiry.export(Export(window.study.shown.relevance, "csv"), tmp_path / "relevance.csv")
        pids = [each.hello.pid for each in (client, figures)]
        window.close()
        assert client.state is figures.state is WorkerState.OFF
        assert not any(is_running(pid) for pid in pids)
