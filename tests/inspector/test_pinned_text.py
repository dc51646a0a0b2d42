"""Answers about a text beside each other in the window, and their difference."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from inspector.views.side_titles import SideTitles


@pytest.fixture
def pinned(window, worker):
    """CP-LRP's answer beside AttnLRP's, which is pinned."""
    worker.answer()
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    return window


def test_that_a_pinned_text_stays_beside_another_answer_until_it_is_let_go(pinned):
    text = pinned.relevance.text
    titles = text.findChild(SideTitles)
    assert titles.isVisible() and text.pinned.isVisible()
    assert titles.texts() == ("Pinned: AttnLRP · “7”", "CP-LRP · “7”")
    assert text.pinned.tsv() != text.strip.tsv()
    titles.findChild(QToolButton, "let_go").click()
    assert not titles.isVisible() and not text.pinned.isVisible()
    assert not pinned.commands["view.pin"].isChecked()


def test_that_cursor_and_zoom_are_the_same_on_both_sides(pinned):
    text = pinned.relevance.text
    text.pinned.setFocus()
    QTest.keyClick(text.pinned, Qt.Key.Key_Right)
    assert text.pinned.current() == text.strip.current() == pinned.study.view.token
    text.strip._zoom_by(2)
    assert text.pinned.zoom() == text.strip.zoom() == 2


def test_that_a_click_on_the_pinned_side_asks_as_one_on_the_other_does(pinned, worker):
    pinned.relevance.text.pinned.position_clicked.emit(1)
    worker.answer()
    assert pinned.study.shown.question.target.position == 1


def test_that_the_difference_takes_the_place_of_both(pinned):
    difference = pinned.commands["view.difference"]
    assert difference.isEnabled() and not difference.isChecked()
    difference.trigger()
    text = pinned.relevance.text
    assert not text.pinned.isVisible()
    expected = pinned.study.shown.relevance.input - pinned.study.pinned.relevance.input
    np.testing.assert_array_equal(pinned.study.scene.text.values, expected)
    assert "CP-LRP · “7” − AttnLRP · “7”" in pinned.study.scene.heading.question
    difference.trigger()
    assert text.pinned.isVisible()


def test_that_the_pin_is_in_reach_beside_the_title(window, worker):
    button = window.findChild(QToolButton, "pin")
    worker.answer()
    assert button.isVisible()
    button.click()
    assert window.study.pinned is window.study.shown


def test_that_the_pinned_side_marks_the_token_that_it_explains(pinned, worker):
    text = pinned.relevance.text
    before = text.pinned._picture.marks.target
    text.strip.position_clicked.emit(1)
    worker.answer()
    assert text.strip._picture.marks.target == 1
    assert text.pinned._picture.marks.target == before != 1
