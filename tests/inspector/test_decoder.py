"""What a decoder has said is a text of its own, coloured on the scale of its source; an answer is asked for there."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.protocol.inputs import ForDecoder, Text
from engine.protocol.messages import Explain, Generate, Progress
from engine.protocol.targets import Sum, Token, Top
from engine.protocol.values import ModelSource
from engine.protocol.values import Token as PromptToken
from engine.reading.limits import colour_limit
from inspector.panes.decoder_map_pane import DecoderMapPane
from inspector.window import Window
from tests.inspector.answers import BLOCKS, DECODER_BLOCKS, SAID
from tests.inspector.fake_worker import FakeWorker

ASKED = ForDecoder("Who keeps the bees of this valley?", "Ada keeps bees")


@pytest.fixture
def deciphering(window: Window, worker: FakeWorker) -> Window:
    """A window with an answer about a source and what a decoder has said."""
    window.inquiry.open_model(ModelSource("somebody/some-t5"))
    worker.answer()
    window.inquiry.write(ASKED)
    window.explain()
    worker.answer()
    return window


def labels_of(strip) -> list[str]:
    return [token.label for token in strip.facts.tokens]


def marked(strip) -> int:
    return strip._picture.marks.target


def test_that_both_texts_are_shown_with_their_names(deciphering: Window) -> None:
    text = deciphering.relevance.text
    assert labels_of(text.source.strip) == ["Who", "keeps", "the", "bees", "of", "this", "valley?"]
    assert labels_of(text.decoder.strip) == ["<pad>", "Ada", "keeps", "bees"]
    assert text.decoder.isVisible()
    assert text.decoder.strip.accessibleName() == "Relevance of each token of the decoder"
    assert "Said so far by the decoder" in [label.text() for label in text.findChildren(QLabel) if label.isVisible()]
    items = QAccessible.queryAccessibleInterface(text.decoder.strip)
    named = [items.child(at).text(QAccessible.Text.Name) for at in range(items.childCount()) if items.child(at)]
    assert any("Ada" in name for name in named)


def test_that_there_is_no_second_text_without_a_decoder(window: Window, worker: FakeWorker, deciphering) -> None:
    window.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    window.inquiry.use_prompt("a prompt")
    worker.answer()
    assert not window.relevance.text.decoder.isVisible()
    assert labels_of(window.relevance.text.source.strip) == ["a", "prompt"]


def test_that_both_are_on_one_scale_that_both_count_for(deciphering: Window) -> None:
    scene = deciphering.study.scene
    relevance, look = deciphering.study.shown.relevance, scene.view.look
    assert scene.text.limit == scene.decoder.limit == colour_limit(relevance, None, look)
    source, said = relevance.input[1:], relevance.decoder.input[1:-1]  # without first and asked tokens
    assert scene.text.limit == pytest.approx(max(np.abs(source).max(), np.abs(said).max()))
    np.testing.assert_array_equal(scene.text.layers.limits[1:4], scene.decoder.layers.limits[1:4])


@pytest.mark.parametrize("rules", ["cp-lrp", "input-x-gradient", "gradient"])
def test_that_the_scale_is_one_whichever_of_both_has_more(deciphering: Window, worker: FakeWorker, rules: str) -> None:
    deciphering.inquiry.choose_rules(rules)
    worker.answer()
    scene = deciphering.study.scene
    assert scene.text.limit == scene.decoder.limit


def test_that_the_place_is_marked_in_the_decoder_alone(deciphering: Window) -> None:
    text = deciphering.relevance.text
    assert (marked(text.source.strip), marked(text.decoder.strip)) == (-1, 3)


def test_that_a_decoders_token_is_chosen_to_be_explained(deciphering: Window, worker: FakeWorker) -> None:
    deciphering.relevance.text.decoder.strip.position_clicked.emit(1)
    assert worker.open[-1].target == Top(1)
    worker.answer()
    assert marked(deciphering.relevance.text.decoder.strip) == 1
    deciphering.table.explained.emit(103)
    assert worker.open[-1].target == Token(103, 1)
    worker.answer()
    deciphering.relevance.text.decoder.strip.position_clicked.emit(3)
    assert deciphering.study.question.target == Top()  # the last, wherever it comes to be


def test_that_a_token_of_the_source_is_walked_to_and_no_more(deciphering: Window, worker: FakeWorker) -> None:
    strip = deciphering.relevance.text.source.strip
    strip.setFocus()
    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.token_rects(2)[0].center())
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert worker.open == []
    assert deciphering.study.view.token == 2


def test_that_what_the_decoder_said_itself_is_marked_and_explained_alone_or_together(deciphering, worker) -> None:
    deciphering.commands["run.generate"].trigger()
    worker.answer()
    text = deciphering.relevance.text
    assert [token.generated for token in text.decoder.strip.facts.tokens] == [False] * 4 + [True] * 3
    assert deciphering.study.question.target == Token(SAID[0][0], 3)
    assert marked(text.decoder.strip) == 4
    text.decoder.strip.position_clicked.emit(6)
    assert worker.open[-1].target == Token(SAID[2][0], 5)
    worker.answer()
    text.decoder.strip.span_chosen.emit(range(5, 7))
    assert worker.open[-1].target == Sum((Token(SAID[1][0], 4), Token(SAID[2][0], 5)))
    deciphering.folding.unfold()
    _, field = deciphering.input.decoder._fields
    assert [mark.cursor.selectedText() for mark in field.extraSelections()] == [" eight thousand metres"]


def test_that_what_is_being_said_stands_at_the_end_of_the_decoders_text(deciphering: Window, worker) -> None:
    deciphering.commands["run.generate"].trigger()
    said = PromptToken(900, " eight", 14, 20, "eight", generated=True)
    worker.say(Generate, Progress("generate", 1, 32, (said,)))
    text = deciphering.relevance.text
    assert labels_of(text.decoder.strip)[-1] == "eight"
    assert "eight" not in labels_of(text.source.strip)
    assert (marked(text.source.strip), marked(text.decoder.strip)) == (-1, 3)


def test_that_what_is_said_first_of_all_stands_below_the_words_of_the_source(window: Window, worker) -> None:
    window.inquiry.open_model(ModelSource("somebody/some-t5"))
    worker.answer()
    window.inquiry.write(ForDecoder("Who keeps bees?", ""))
    window.commands["run.generate"].trigger()
    said = PromptToken(900, "Ada", 0, 3, "Ada", generated=True)
    worker.say(Generate, Progress("generate", 1, 32, (said,)))
    assert labels_of(window.relevance.text.decoder.strip) == ["Ada"]
    assert window.relevance.text.decoder.isVisible()


def test_that_beyond_its_last_layer_the_decoder_stays_there(deciphering: Window) -> None:
    deciphering.study.look_at_output()
    scene = deciphering.study.scene
    assert (scene.text.layer, scene.decoder.layer) == (BLOCKS, DECODER_BLOCKS)
    np.testing.assert_array_equal(scene.decoder.values, deciphering.study.shown.relevance.decoder.layers[-1])


def test_that_the_decoder_has_its_own_map_of_layers(deciphering: Window, worker: FakeWorker, qtbot) -> None:
    below = deciphering.below
    titles = [below.tabText(number) for number in range(below.count())]
    below.setCurrentIndex(titles.index("Decoder"))
    pane = below.pane(DecoderMapPane)
    qtbot.waitUntil(lambda: pane.map is not None and pane._shown is not None)
    assert pane.map.accessibleName() == "Relevance of the decoder at each layer"
    assert pane._shown.layers.shape == (DECODER_BLOCKS + 1, 4)
    pane.map.layer_clicked.emit(1)
    assert deciphering.study.view.look.layer == 1
    pane.map.token_clicked.emit(2)
    assert worker.open[-1].target == Top(2)
    deciphering.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    assert "Decoder" not in [below.tabText(number) for number in range(below.count())]


def test_that_a_pinned_answer_has_its_decoder_beside_the_others(deciphering: Window, worker: FakeWorker) -> None:
    deciphering.commands["view.pin"].trigger()
    deciphering.relevance.text.decoder.strip.position_clicked.emit(1)
    worker.answer()
    pinned = deciphering.relevance.text.decoder.pinned
    assert pinned.isVisible() and labels_of(pinned) == ["<pad>", "Ada", "keeps", "bees"]
    assert marked(pinned) == 3
    assert marked(deciphering.relevance.text.source.pinned) == -1
    deciphering.commands["view.difference"].trigger()
    assert not pinned.isVisible()
    scene = deciphering.study.scene
    assert scene.decoder.sides[-1].minus is not None


def test_that_the_control_names_what_is_left_out_of_both(deciphering: Window) -> None:
    said = deciphering.relevance.scale._without.accessibleName()
    assert said.startswith("without “Who”") and "; of the decoder “<pad>”" in said


def test_that_a_prompt_alone_has_a_decoder_at_its_start(window: Window, worker: FakeWorker) -> None:
    window.inquiry.open_model(ModelSource("somebody/some-t5"))
    worker.answer()
    window.inquiry.use_prompt("Who keeps bees?")
    assert isinstance(worker.open[-1], Explain) and isinstance(worker.open[-1].input, Text)
    worker.answer()
    assert labels_of(window.relevance.text.decoder.strip) == ["<pad>"]
    assert window.relevance.text.decoder.height() < window.relevance.text.source.height()
