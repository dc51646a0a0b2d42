"""Going through the tokens of an answer in the window."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QTableView, QTreeWidget

from engine.protocol.messages import Explain, Explained
from engine.protocol.targets import Sum
from engine.protocol.targets import Token as TokenTarget
from engine.protocol.values import ModelSource, Token
from inspector.dialogs.palette import CommandPalette
from inspector.dialogs.preferences import SETTINGS, Preferences
from inspector.intake.examples import read_examples, read_image_examples
from inspector.state.figures import figure_of
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


NUMBERS = "The 1922 party reached 8,320 m."


def test_that_w_goes_from_tokens_to_words_lines_and_sentences_and_back(window, worker):
    answered(window, worker, NUMBERS, {1: 2.0, 2: -0.5, 4: 1.0})
    strip = window.relevance.strip
    strip.setFocus()
    seen = []
    for _ in range(4):
        QTest.keyClick(strip, Qt.Key.Key_W)
        unit = window.study.view.look.unit
        seen.append(unit)
        assert window.commands[f"unit.{unit}"].isChecked()
        assert window.target.strongest._title.text() == f"Strongest {unit}s"
        assert window.target.strongest._rows.ranking.total == 2.5
    assert seen == ["word", "line", "sentence", "token"]


def test_that_the_menu_has_a_list_of_units_and_text_alone_has_them(open_window, worker):
    window = open_window()
    assert not window.commands["unit.word"].isEnabled()
    (menu,) = [menu for menu in window.findChildren(QMenu) if menu.title() == "Unit"]
    assert [action.text() for action in menu.actions()] == ["Tokens", "Words", "Lines", "Sentences"]


def merged_tokens(answer: Explained) -> Explained:
    """The answer, whose text is cut in two letters a token: words of several."""
    text = answer.relevance.prompt
    places = range(0, len(text), 2)
    tokens = tuple(Token(i, text[at : at + 2], at, at + 2, text[at : at + 2]) for i, at in enumerate(places))
    layers = np.random.default_rng(3).normal(size=(5, len(tokens))).astype(np.float32)
    relevance = answer.relevance.with_part(tokens=tokens, input=layers[0].copy(), layers=layers)
    target = structs.replace(relevance.target, position=len(tokens) - 1)
    return structs.replace(answer, relevance=structs.replace(relevance, target=target))


def test_that_tokens_list_and_map_show_the_same_words_with_the_same_sums(window, worker, qtbot):
    window.inquiry.type(NUMBERS)
    window.inquiry.explain()
    worker.say(Explain, merged_tokens(answer_to(window.study.question)))
    window.commands["unit.word"].trigger()
    window.study.look_at_layer(3)
    text, layers = window.study.scene.text, window.layers.text.map
    qtbot.waitUntil(lambda: layers._layers is not None and layers._layers.rows.shape[1] == len(text.units))
    assert 1 < len(text.units) < len(text.tokens)
    expected = np.add.reduceat(text.values.astype(np.float64), text.units.starts)
    np.testing.assert_array_equal(text.unit_values, expected)
    np.testing.assert_array_equal(layers._layers.rows[4], expected)
    np.testing.assert_array_equal(window.target.strongest._rows.ranking.values, expected)
    rows = window.study.shown.relevance.layers.sum(axis=1, dtype=np.float64)
    np.testing.assert_array_equal(layers._layers.rows[1:].sum(axis=1), rows)
    assert text.limit == np.abs(np.delete(expected, text.left_out)).max()
    assert text.left_out == (0, len(text.units) - 1)
    layers.token_clicked.emit(1)
    assert window.study.view.token == text.units.range_of(1)[-1]
    assert layers._token == 1


def test_that_the_figures_show_what_is_on_show(window, worker):
    answered(window, worker, NUMBERS, {1: 2.0})
    window.commands["unit.word"].trigger()
    assert figure_of(window.study.scene, "pdf", "tokens").look.unit == "word"


def chosen_in_palette(window: Window, words: str) -> list[str]:
    """What the palette shows first for what is typed; Enter does the first of it."""
    window.commands["view.palette"].trigger()
    palette = next(each for each in window.findChildren(CommandPalette) if each.isVisible())
    field, found = palette.findChild(QLineEdit, "words"), palette.findChild(QTreeWidget, "commands")
    QTest.keyClicks(field, words)
    names = [found.topLevelItem(row).text(0) for row in range(found.topLevelItemCount())]
    QTest.keyClick(field, Qt.Key.Key_Return)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return names


def test_that_the_palette_goes_to_a_layer(window):
    assert chosen_in_palette(window, "layer 3")[0] == "Layer 3"
    assert window.study.view.look.layer == 3


def test_that_the_palette_knows_no_layers_without_an_answer(open_window):
    assert "Layer 3" not in chosen_in_palette(open_window(), "layer 3")


def test_that_the_palette_opens_models_bundled_and_recent(window, worker):
    assert chosen_in_palette(window, "bundled:gpt2") == ["Open bundled:gpt2"]
    worker.answer()
    assert window.study.question.source.name == "bundled:gpt2"
    window._profile.keep(window._profile.settings.with_recent(ModelSource("someone/other", device="cpu")))
    assert chosen_in_palette(window, "other cpu") == ["Open someone/other · cpu"]
    worker.answer()
    assert window.study.question.source == ModelSource("someone/other", device="cpu")


def test_that_a_model_is_offered_once(window):
    window._profile.keep(window._profile.settings.with_recent(ModelSource("bundled:llama")))
    assert len([name for name in chosen_in_palette(window, "open bundled:llama") if "llama" in name]) == 1


def test_that_the_palette_brings_back_a_prompt_that_was_explained(window, worker):
    for prompt in ("one prompt", "another prompt"):
        window.inquiry.use_prompt(prompt)
        worker.answer()
    window.open_palette()
    palette = next(each for each in window.findChildren(CommandPalette) if each.isVisible())
    entry = next(each for each in palette._entries if each.name == "Prompt: one prompt")
    entry.do()
    assert window.study.question.input.text == "one prompt"
    assert window._profile.settings.recent_prompts[:2] == ("another prompt", "one prompt")


def test_that_the_palette_opens_examples(window, worker):
    example = read_examples()[1]
    assert chosen_in_palette(window, example.title)[0] == f"Example: {example.title}"
    assert window.study.question.input.text == example.prompt
    picture = read_image_examples()[0]
    assert chosen_in_palette(window, picture.title)[0] == f"Example: {picture.title}"


@pytest.mark.parametrize(("setting", "title"), SETTINGS.items())
def test_that_the_palette_leads_to_each_preference(window, setting: str, title: str):
    assert chosen_in_palette(window, f"preferences {title}")[0] == f"Preferences: {title}"
    (dialog,) = [each for each in window.findChildren(Preferences) if each.isVisible()]
    assert dialog.focusWidget().objectName() == setting


def test_that_the_palette_still_finds_commands(window):
    assert chosen_in_palette(window, "next lay")[0] == "Next layer"
    assert window.study.view.look.layer == 0


def test_that_tokens_that_are_selected_are_explained_together(window, worker):
    strip = window.relevance.strip
    ids = [token.id for token in strip._picture.tokens]
    strip.set_current(2)
    strip.setFocus()
    for _ in range(2):
        QTest.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert strip.selected() == range(2, 5)
    QTest.keyClick(strip, Qt.Key.Key_Return)
    target = window.study.question.target
    assert target == Sum(tuple(TokenTarget(ids[at], at - 1) for at in (2, 3, 4)))


def test_that_the_first_token_is_said_by_nothing(window, worker):
    said = []
    window.troubled.connect(said.append)
    before = window.study.question
    window.relevance.strip.span_chosen.emit(range(2))
    assert window.study.question == before and "Nothing says the first token" in said[0].message
