"""Values under the tokens of the window: asked for, kept, and those of what is on show."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest

from engine.protocol.messages import Explain
from engine.reading.numbers import number_under
from inspector.app import Options, _look
from inspector.keeping.settings import Profile, Settings, SettingsFile
from inspector.state.figures import figure_of
from inspector.views.tokens.token_strip import TokenStrip
from tests.inspector.answers import answer_to


def written(strip: TokenStrip) -> list[float] | None:
    """The values that a strip writes, by unit."""
    return None if strip._picture.layout.numbers is None else strip._picture._values.tolist()


def width_of_number(strip: TokenStrip, token: int) -> float:
    number = number_under(strip._picture._values[token])
    return QFontMetricsF(strip._picture._painter.fonts.number).horizontalAdvance(number)


def test_that_u_and_the_menu_write_values_and_take_them_away(window):
    strip, command = window.relevance.strip, window.commands["view.values"]
    assert written(strip) is None and not command.isChecked()
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_U)
    assert written(strip) == window.study.scene.text.values.tolist() and command.isChecked()
    command.trigger()
    assert written(strip) is None and not command.isChecked()


def test_that_u_is_a_letter_elsewhere(window):
    window.editor.setFocus()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_U)
    assert "u" in (window.editor.text()[0], window.editor.text()[-1])
    assert not window.study.view.look.values


def test_that_the_values_are_those_of_the_layer_and_no_token_moves(window):
    window.commands["view.values"].trigger()
    strip = window.relevance.strip
    layout = strip._picture.layout
    for layer in (None, 0, 1, 2):
        window.study.look_at_layer(layer)
        relevance = window.study.shown.relevance
        values = relevance.input if layer is None else relevance.layers[layer]
        assert written(strip) == values.tolist()
        assert strip._picture.layout is layout


def test_that_the_values_are_those_of_words_where_words_are_on_show(window):
    window.commands["view.values"].trigger()
    window.commands["unit.word"].trigger()
    text = window.study.scene.text
    expected = np.add.reduceat(text.values.astype(np.float64), text.units.starts)
    assert written(window.relevance.strip) == expected.tolist()


def test_that_contrast_and_scale_leave_the_values_alone(window):
    window.commands["view.values"].trigger()
    before = written(window.relevance.strip)
    for command in ("contrast.more", "scale.target", "scale.without", "view.signs"):
        window.commands[command].trigger()
        assert written(window.relevance.strip) == before


def test_that_both_sides_have_their_values_and_the_same_rows(window, worker):
    window.commands["view.values"].trigger()
    worker.answer()
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    answer = answer_to(window.study.question)
    first, layers = np.zeros_like(answer.relevance.input), np.zeros_like(answer.relevance.layers)
    first[:2] = -1234.5
    relevance = answer.relevance.with_part(input=first, layers=layers)
    worker.say(Explain, structs.replace(answer, relevance=relevance))
    text = window.relevance.text
    assert written(text.pinned) != written(text.strip) == window.study.scene.text.values.tolist()
    for token in range(len(window.study.scene.text.tokens)):
        assert text.pinned.token_rects(token) == text.strip.token_rects(token)
        for side in (text.pinned, text.strip):
            assert side.token_rects(token)[0].width() > width_of_number(side, token)
    window.commands["view.difference"].trigger()
    difference = window.study.shown.relevance.input - window.study.pinned.relevance.input
    np.testing.assert_array_equal(written(text.strip), difference)


def test_that_the_tokens_are_given_the_height_that_their_values_need(window):
    before = window.relevance.wanted_height()
    window.commands["view.values"].trigger()
    assert window.relevance.wanted_height() > before + 8


def test_that_figures_have_the_values_that_are_on_show(window):
    assert not figure_of(window.study.scene, "pdf", "tokens").look.values
    window.commands["view.values"].trigger()
    assert figure_of(window.study.scene, "pdf", "tokens").look.values


def test_that_the_choice_is_kept(open_window, tmp_path):
    path = tmp_path / "settings.json"
    window = open_window(Profile(SettingsFile(path)))
    window.commands["view.values"].setEnabled(True)  # which an answer would do
    window.commands["view.values"].trigger()
    window.close()
    assert SettingsFile(path).read().values


@pytest.mark.parametrize(("asked", "kept", "shown"), [(False, False, False), (True, False, True), (False, True, True)])
def test_that_a_window_starts_with_values_where_asked_or_as_the_last_time(asked: bool, kept: bool, shown: bool):
    assert _look(Options(values=asked), Settings(values=kept)).values is shown
