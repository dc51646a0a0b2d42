"""Somebody who knows nothing of the program and has no mouse finds what is to be found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from inspector.dialogs.export import ExportDialog
from inspector.views.layers.layer_map import LayerMap
from inspector.views.tokens.token_strip import TokenStrip
from inspector.window import Window
from tests.inspector.test_with_a_real_worker import PATIENCE, opened

pytestmark = pytest.mark.process

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
MOST_STOPS = 60


@pytest.fixture(scope="module")
def window(qapp: QApplication) -> Iterator[Window]:
    with opened() as (window, _):
        window.activateWindow()
        yield window


def has_keys() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None, "nothing has the keys"
    return widget


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the keys go."""
    QTest.keyClick(has_keys(), key, modifiers)


def heard() -> str:
    """What a screen reader says of what has the keys."""
    said = QAccessible.queryAccessibleInterface(has_keys())
    return f"{said.text(QAccessible.Text.Name)}: {said.text(QAccessible.Text.Description)}"


def tab_to(is_there: Callable[[QWidget], bool]) -> None:
    for _ in range(MOST_STOPS):
        if is_there(has_keys()):
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError("Tab does not come there")


def number_in(sentence: str, name: str) -> float:
    """The number that follows a name."""
    found = re.search(rf"{name} ([+−-]?[\d.]+)", sentence)
    assert found is not None, f"no {name} in “{sentence}”"
    return float(found[1].replace("−", "-"))


def test_that_the_keyboard_alone_leads_from_the_answer_to_its_figure(window: Window, qtbot, tmp_path: Path):
    relevance = window.study.shown.relevance
    most = int(np.abs(relevance.input).argmax())

    tab_to(lambda widget: isinstance(widget, TokenStrip))
    press(Qt.Key.Key_N)  # the most relevant token, and its value
    name = f"“{relevance.tokens[most].label}”"
    assert name in heard() and "rank by size 1 of" in heard()
    assert number_in(heard(), "relevance") == pytest.approx(relevance.input[most], abs=0.005)

    press(Qt.Key.Key_End, CTRL)  # from the last layer down: where it enters
    for _ in relevance.layers:
        if "rank by size 1 of" in heard():
            break
        press(Qt.Key.Key_Down, CTRL)
    enters = max(at for at, row in enumerate(relevance.layers) if int(np.abs(row).argmax()) == most)
    assert f"at layer {enters} of {len(relevance.layers) - 1}" in heard()
    assert number_in(heard(), "relevance") == pytest.approx(relevance.layers[enters, most], abs=0.005)

    tab_to(lambda widget: isinstance(widget, LayerMap))  # the same in the map
    assert name in heard() and f"at layer {enters}" in heard()
    press(Qt.Key.Key_Up)
    assert f"at layer {enters + 1}" in heard()
    assert number_in(heard(), "relevance") == pytest.approx(relevance.layers[enters + 1, most], abs=0.005)

    press(Qt.Key.Key_2, ALT)  # what other rules say
    qtbot.waitUntil(lambda: window.study.is_answered, timeout=PATIENCE)
    other = window.study.shown.relevance
    assert other.rules == "cp-lrp" and name in heard()
    assert number_in(heard(), "relevance") == pytest.approx(other.layers[enters + 1, most], abs=0.005)

    press(Qt.Key.Key_E, CTRL)  # the PDF of what is on show
    qtbot.waitUntil(lambda: isinstance(has_keys().window(), ExportDialog))
    tab_to(lambda widget: isinstance(widget, QLineEdit))
    path = tmp_path / "tokens.pdf"
    press(Qt.Key.Key_A, CTRL)
    QTest.keyClicks(has_keys(), str(path))
    with qtbot.waitSignal(window.inquiry.exporting.written, timeout=PATIENCE):
        press(Qt.Key.Key_Return)
    assert path.read_bytes().startswith(b"%PDF")
    assert isinstance(window.focusWidget(), LayerMap), "the keys are not back where they were"
