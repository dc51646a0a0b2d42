"""Going through the tokens of an answer in the window."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTableView

from engine.protocol.messages import Explain
from inspector.window import Window
from tests.inspector.answers import answer_to
from tests.inspector.fake_worker import FakeWorker

LONG = " ".join(f"w{index}" for index in range(2000))


def answered(window: Window, worker: FakeWorker, prompt: str, strong: dict[int, float]) -> None:
    """An answer about the prompt, whose input has relevance at some tokens alone."""
    window.inquiry.type(prompt)
    window.inquiry.explain()
    answer = answer_to(window.study.question)
    values = np.zeros(len(answer.relevance.tokens), np.float32)
    values[list(strong)] = list(strong.values())
    relevance = answer.relevance.with_part(input=values, layers=np.tile(values, (len(answer.relevance.layers), 1)))
    worker.say(Explain, structs.replace(answer, relevance=relevance))


def is_in_sight(window: Window, token: int) -> bool:
    strip = window.relevance.strip
    return strip.viewport().rect().contains(strip.token_rects(token)[0])


def test_that_a_new_answer_scrolls_to_the_strongest_token_beside_the_first_and_the_asked(window, worker):
    answered(window, worker, LONG, {0: 9.0, 700: 1.0, 1200: -2.0, 1999: 30.0})
    assert window.study.scene.text.strongest == 1200
    assert is_in_sight(window, 1200) and not is_in_sight(window, 0)


def test_that_other_rules_and_layers_leave_the_place_where_somebody_reads(window, worker):
    answered(window, worker, LONG, {1200: 2.0})
    bar = window.relevance.strip.verticalScrollBar()
    bar.setValue(0)
    window.commands["layer.up"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    assert bar.value() == 0


def test_that_nothing_scrolls_where_no_other_token_has_relevance(window, worker):
    answered(window, worker, LONG, {0: 1.0, 1999: 2.0})
    assert window.study.scene.text.strongest is None
    assert window.relevance.strip.verticalScrollBar().value() == 0


@pytest.mark.parametrize(("command", "place"), [("token.next", 0), ("token.previous", 0)])
def test_that_the_menu_walks_too(window, command: str, place: int):
    window.commands[command].trigger()
    assert window.study.view.token == int(window.relevance.strip._facts.by_size[place])


def test_that_n_is_a_letter_elsewhere(window):
    window.editor.setFocus()
    before = window.editor.text()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_N)
    assert window.editor.text() in (f"n{before}", f"{before}n")
    assert window.study.view.token is None
    window.relevance.strip.setFocus()
    QTest.keyClick(window.relevance.strip, Qt.Key.Key_N)
    assert window.study.view.token is not None


def test_that_the_list_and_the_tokens_have_one_cursor(window, worker):
    answered(window, worker, LONG, {0: 9.0, 700: 1.0, 1200: -2.0, 1999: 30.0})
    strip, listed = window.relevance.strip, window.target.strongest
    table = listed.findChild(QTableView)
    assert [row[2] for row in listed.texts()[:4]] == ["+30.00", "+9.00", "−2.00", "+1.00"]
    assert listed.texts()[-1][2] == "38.00"
    table.selectRow(3)
    assert strip.current() == window.study.view.token == 700 and is_in_sight(window, 700)
    QTest.keyClick(strip, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert strip.current() == 1200
    assert [index.row() for index in table.selectionModel().selectedRows()] == [2]


def test_that_a_row_that_is_chosen_already_brings_its_token_back_into_sight(window, worker, qtbot):
    answered(window, worker, LONG, {1200: -2.0, 700: 1.0})
    table = window.target.strongest.findChild(QTableView)
    table.selectRow(0)
    window.relevance.strip.verticalScrollBar().setValue(0)
    place = table.visualRect(table.model().index(0, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert is_in_sight(window, 1200)


def test_that_the_list_follows_layer_and_rules(window, worker):
    listed, part = window.target.strongest, window.study.shown.relevance.parts[0]
    for layer in (None, 2):
        window.study.look_at_layer(layer)
        assert listed._rows.ranking.total == part.total(layer)
    before = listed.texts()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    assert listed.texts() != before
    window.inquiry.type("another prompt")
    assert listed._rows.stale


def test_that_a_low_window_keeps_the_predictions_and_a_picture_has_no_list(window, worker):
    assert window.target.strongest.isVisible()
    window.resize(1280, 420)
    QApplication.processEvents()
    assert not window.target.strongest.isVisible() and window.table.isVisible()
