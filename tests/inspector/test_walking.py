"""Going through the tokens of an answer in the window."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

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
