"""Qt without a screen, and nothing of the person who runs the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)  # all of this folder

from pytestqt.qtbot import QtBot

from engine.protocol.inputs import Text
from inspector.keeping.settings import Profile, SettingsFile
from inspector.look.theme import apply_theme
from inspector.state.question import BUNDLED_MODELS, Question
from inspector.state.study import Study
from inspector.window import Window
from tests.inspector.fake_worker import FakeWorker

PROMPT = "In 1922 the British expedition reached 8,320 m. The 1922 expedition reached 8,"


@pytest.fixture
def worker(qapp) -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def figures(qapp) -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def open_window(qtbot: QtBot, qapp, worker: FakeWorker, figures: FakeWorker) -> Iterator[Callable[..., Window]]:
    """Opens windows on fake workers, and closes them after the test."""
    apply_theme(qapp, "light")
    windows: list[Window] = []

    def open_one(profile: Profile | None = None, prompt: str = PROMPT, other: FakeWorker | None = None) -> Window:
        window = Window(
            worker,
            figures,
            Study(Question(BUNDLED_MODELS[0], Text(prompt))),
            profile or Profile(SettingsFile(None)),
            lambda command: other,
        )
        windows.append(window)
        window.show()
        qtbot.waitUntil(lambda: window.layers.text.map is not None)
        return window

    yield open_one
    for window in windows:
        window.close()
        window.deleteLater()


@pytest.fixture
def window(open_window, worker: FakeWorker) -> Window:
    """A window whose first question is answered."""
    window = open_window()
    worker.start()
    window.inquiry.open_model(window.study.question.source)
    worker.greet()
    worker.answer()
    assert window.study.is_answered
    return window
