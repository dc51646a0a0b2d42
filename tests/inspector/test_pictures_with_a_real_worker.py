"""A picture from the drop on a first start to exported figures, on a worker process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.protocol.inputs import Text
from engine.protocol.looks import Ramp
from engine.protocol.rule_names import Gamma
from engine.protocol.targets import Class
from engine.reading.colours import colours
from inspector.app import new_figures_worker, new_worker
from inspector.client.client import WorkerClient
from inspector.dialogs.explore import ExploreDialog
from inspector.dialogs.export import ExportDialog
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.state.trouble import Remedy
from inspector.window import Window

pytestmark = pytest.mark.process

PATIENCE = 180_000  # ms: torch is imported in it, on a machine that may be busy
EXAMPLES = Path(__file__).parents[2] / "resources" / "examples" / "images"
DIGITS = EXAMPLES / "digits-3-and-8.png"  # a 3 above an 8


@pytest.fixture
def client(qapp) -> Iterator[WorkerClient]:
    client = new_worker("", spare=False)
    client.start()
    yield client
    client.close()


@pytest.fixture
def window(qtbot: QtBot, client: WorkerClient, tmp_path: Path) -> Iterator[Window]:
    """A window as it is at a first start."""
    profile = Profile(SettingsFile(tmp_path / "settings.json"))
    window = Window(client, new_figures_worker(), Study(Question(profile.settings.model, Text())), profile, new_worker)
    window.show()
    window.inquiry.open_model(window.study.question.source)
    qtbot.waitUntil(lambda: window.inquiry.holding.model is not None, timeout=PATIENCE)
    yield window
    window.close()
    window.deleteLater()


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    )


def dialog_of(window: Window, kind: type) -> ExploreDialog | ExportDialog:
    return next(each for each in window.findChildren(kind) if each.isVisible())


def test_that_a_picture_dropped_at_a_first_start_gets_to_exported_figures(window, qtbot, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with qtbot.waitSignal(window.troubled, timeout=PATIENCE):
        drop(window, broken)

    with qtbot.waitSignal(window.troubled) as said:  # the model of a first start takes text
        drop(window, DIGITS)
    assert said.args[0].remedy is Remedy.PICTURE_MODEL
    window.notices.remedy_chosen.emit(Remedy.PICTURE_MODEL)
    qtbot.waitUntil(lambda: window.study.is_answered, timeout=PATIENCE)
    assert {each.text for each in window.study.shown.predictions[:2]} == {"3", "8"}
    assert len(window.study.scene.picture.layers.maps) == len(window.study.shown.relevance.layers) + 1

    window.commands["rules.gamma"].trigger()
    explain(window, qtbot, "3")
    window.commands["view.pin"].trigger()
    explain(window, qtbot, "8")
    upper, lower = (
        side.relevance.input.clip(0).reshape(2, 24, 48).sum((1, 2)) for side in window.study.scene.picture.sides
    )
    assert upper[0] > upper[1] and lower[0] < lower[1]  # each digit's relevance lies where it is

    window.commands["mode.heatmap"].trigger()
    window.commands["file.export"].trigger()
    dialog = dialog_of(window, ExportDialog)
    dialog.findChild(QLineEdit, "export_path").setText(str(tmp_path / "both.png"))
    with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
        dialog.accept()
    pixels = np.asarray(Pillow.open(tmp_path / "both.png").convert("RGB"))
    shown = window.study.scene.picture
    for side in shown.sides:  # the strongest pixel of each, in its colour on the scale of both
        values = side.relevance.input.ravel()
        strongest = values[np.abs(values).argmax()]
        assert (pixels == colours(strongest, shown.limit, Ramp())).all(axis=2).any()

    window.commands["run.explore"].trigger()
    grid = dialog_of(window, ExploreDialog)
    with qtbot.waitSignal(window.inquiry.exploring.ended, timeout=PATIENCE):
        grid.grid.set_axes((0.25,), (0.0, 1.0))
        grid.grid.axes_changed.emit((0.25,), (0.0, 1.0))
    with qtbot.waitSignal(grid.export_requested) as figure:
        grid.findChild(QPushButton, "explore_export").click()
    assert [cell.rules for cell in figure.args[0].cells] == [Gamma(0.25, 0.0).name, Gamma(0.25, 1.0).name]
    with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
        window.exploring.export_grid(figure.args[0], str(tmp_path / "grid.png"))
    assert Pillow.open(tmp_path / "grid.png").size[0] > 200


def explain(window: Window, qtbot: QtBot, name: str) -> None:
    window.inquiry.choose_prediction(name)
    qtbot.waitUntil(lambda: window.study.is_answered, timeout=PATIENCE)
    assert window.study.shown.question.target == Class(name)
