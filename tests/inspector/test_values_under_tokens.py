"""Values under the tokens of the window: asked for, kept, and those of what is on show."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest

from engine.protocol.inputs import ForDecoder
from engine.protocol.messages import Explain, Generate, Progress
from engine.protocol.values import ModelSource
from engine.protocol.values import Token as PromptToken
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


def _said(word: str) -> Progress:
    return Progress("generate", 1, 32, (PromptToken(900, word, 0, len(word), word.strip(), generated=True),))


def test_that_values_come_and_go_while_a_model_is_saying_something(window, worker):
    worker.answer()
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    window.commands["run.generate"].trigger()
    worker.say(Generate, _said(" eight"))
    text = window.relevance.text
    assert written(text.strip) is written(text.pinned) is None
    window.commands["view.values"].trigger()
    known = window.study.scene.text
    assert written(text.strip)[:-1] == known.values.tolist()
    assert number_under(written(text.strip)[-1]) == ""
    assert written(text.pinned) == known.values_of(known.sides[0]).tolist()
    worker.say(Generate, _said(" thousand"))
    window.commands["view.values"].trigger()
    assert written(text.strip) is written(text.pinned) is None


def test_that_what_is_said_may_go_on_with_a_word_that_was_said_before(window, worker):
    window.inquiry.use_prompt("It is about 8 ,")
    answer = answer_to(window.study.question)
    *given, eight, comma = answer.relevance.tokens
    said = (structs.replace(eight, generated=True), structs.replace(comma, text=",", generated=True))
    worker.say(Explain, structs.replace(answer, relevance=answer.relevance.with_part(tokens=(*given, *said))))
    window.commands["unit.word"].trigger()
    window.commands["view.values"].trigger()
    before = written(window.relevance.strip)
    window.commands["run.generate"].trigger()
    worker.say(Generate, _said("3"))
    *known, number = written(window.relevance.strip)
    assert known == before[:-2] and number_under(number) == ""


@pytest.fixture
def deciphering(window, worker):
    """A window with values under the tokens of a source, and of what a decoder has said."""
    window.inquiry.open_model(ModelSource("somebody/some-t5"))
    worker.answer()
    window.inquiry.write(ForDecoder("Who keeps the bees of this valley?", "Ada keeps bees"))
    window.explain()
    worker.answer()
    return window


def test_that_values_of_each_layer_are_under_the_tokens_of_a_decoder_and_of_its_source(deciphering):
    strips = (deciphering.relevance.text.source.strip, deciphering.relevance.text.decoder.strip)
    before = strips[1].height()
    strips[1].setFocus()
    QTest.keyClick(strips[1], Qt.Key.Key_U)
    assert strips[1].wanted_height() <= strips[1].height() > before
    layouts = [strip._picture.layout for strip in strips]
    for layer in (None, 0, 1, 2):
        deciphering.study.look_at_layer(layer)
        for strip, part in zip(strips, deciphering.study.shown.relevance.parts, strict=True):
            assert written(strip) == (part.input if layer is None else part.layers[layer]).tolist()
    assert [strip._picture.layout for strip in strips] == layouts
    QTest.keyClick(strips[1], Qt.Key.Key_U)
    assert [written(strip) for strip in strips] == [None, None]


def test_that_room_is_kept_for_the_numbers_of_every_layer_of_a_decoder(deciphering, worker):
    deciphering.commands["view.values"].trigger()
    answer = answer_to(deciphering.study.question)
    source, said = answer.relevance.parts
    layers = said.layers.copy()
    layers[-1] = -1234.5
    deciphering.inquiry.explain()
    parts = (source, structs.replace(said, layers=layers))
    worker.say(Explain, structs.replace(answer, relevance=structs.replace(answer.relevance, parts=parts)))
    strip = deciphering.relevance.text.decoder.strip
    rects = [strip.token_rects(token) for token in range(4)]
    deciphering.study.look_at_layer(2)
    assert [strip.token_rects(token) for token in range(4)] == rects
    assert all(strip.token_rects(token)[0].width() > width_of_number(strip, token) for token in range(4))


def test_that_values_are_under_what_a_decoder_had_said_while_it_goes_on(deciphering, worker):
    deciphering.commands["run.generate"].trigger()
    worker.say(Generate, _said(" eight"))
    deciphering.commands["view.values"].trigger()
    source, said = deciphering.study.shown.relevance.parts
    text = deciphering.relevance.text
    assert written(text.source.strip) == source.input.tolist()
    assert written(text.decoder.strip)[:-1] == said.input.tolist()
    assert number_under(written(text.decoder.strip)[-1]) == ""
    deciphering.study.look_at_layer(1)
    assert written(text.source.strip) == source.layers[1].tolist()
    assert written(text.decoder.strip)[:-1] == said.layers[1].tolist()


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
