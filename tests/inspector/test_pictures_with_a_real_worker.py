"""A picture from the drop to the exported grid, on a worker process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image as Pillow
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.protocol.values import ModelSource
from inspector.app import new_worker
from inspector.client.client import WorkerClient
from inspector.dialogs.explore import ExploreDialog
from inspector.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.window import Window

PATIENCE = 180_000  # ms: torch is imported in it, on a machine that may be busy


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    """A small network whose weights are random."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "squeezenet.pt"
    torch.save(torchvision.models.squeezenet1_1().state_dict(), path)
    return ModelSource("torchvision:squeezenet1_1", weights=str(path))


@pytest.fixture
def client(qapp) -> Iterator[WorkerClient]:
    client = new_worker("", spare=False)
    client.start()
    yield client
    client.close()


@pytest.fixture
def window(qtbot: QtBot, client: WorkerClient, source: ModelSource, tmp_path: Path) -> Iterator[Window]:
    """A window of a fresh profile, with a model for pictures."""
    profile = Profile(SettingsFile(tmp_path / "settings.json"))
    window = Window(client, Study(Question(source)), profile, new_worker)
    window.show()
    window.inquiry.open_model(source)
    qtbot.waitUntil(lambda: window.inquiry.model is not None, timeout=PATIENCE)
    yield window
    window.close()
    window.deleteLater()


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    )


def test_that_a_dropped_picture_gets_to_an_exported_grid(window, qtbot, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with qtbot.waitSignal(window.troubled, timeout=PATIENCE):
        drop(window, broken)
    assert window.notices.failure.isVisible()

    picture = tmp_path / "noise.png"
    Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)).save(picture)
    drop(window, picture)
    qtbot.waitUntil(lambda: window.study.is_answered, timeout=PATIENCE)
    shown = window.study.scene.picture
    assert shown.values.shape == shown.seen.pixels.shape[:2]
    assert np.abs(shown.values).max() > 0
    assert len(window.study.scene.thumbnails.maps) == len(window.study.shown.relevance.layers) + 1

    window.commands["run.explore"].trigger()
    dialog = next(each for each in window.findChildren(ExploreDialog) if each.isVisible())
    with qtbot.waitSignal(window.inquiry.exploring.ended, timeout=PATIENCE):
        dialog.grid.set_axes((0.25,), (0.0, 1.0))
        dialog.grid.axes_changed.emit((0.25,), (0.0, 1.0))
    with qtbot.waitSignal(dialog.export_requested) as figure:
        dialog.findChild(QPushButton, "explore_export").click()
    with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
        window.pictures.export_grid(figure.args[0], str(tmp_path / "grid.png"))
    assert Pillow.open(tmp_path / "grid.png").size[0] > 200
