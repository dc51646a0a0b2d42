"""The heads in the window: asked for, chosen, seen on the tokens, and from query to key."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from engine.protocol.messages import Failed, LookAtHead, LookAtHeads
from inspector.panes.head_matrix_pane import sums_in_words
from inspector.panes.heads_pane import HeadsPane
from inspector.state.heads import ShownHead, head_in
from inspector.state.model_part import HeadPart
from inspector.window import Window
from tests.inspector.answers import BLOCKS, HEADS, head_found, heads_found
from tests.inspector.fake_worker import FakeWorker
from tests.inspector.test_accessible_tree import items_of


@pytest.fixture
def pane(window: Window, worker: FakeWorker) -> HeadsPane:
    """The heads in front, once they are known."""
    pane = window.below.pane(HeadsPane)
    window.below.setCurrentWidget(pane)
    worker.answer()
    return pane


def sources(window: Window) -> np.ndarray:
    part = window.study.view.through
    return head_found(LookAtHead(window.study.question, part.block, part.head)).head.sources


def test_that_heads_are_asked_for_when_they_are_in_front(window, worker):
    assert not any(isinstance(request, LookAtHeads) for _, request in worker.asked)
    window.below.setCurrentWidget(window.below.pane(HeadsPane))
    assert worker.open == [LookAtHeads(window.study.question)]


def test_that_grid_and_list_show_every_head(window, pane):
    found = heads_found(LookAtHeads(window.study.question)).heads
    assert np.array_equal(pane.grid.facts.relevance, found.relevance)
    assert len(pane.list.texts()) >= 5
    block, head = np.unravel_index(np.abs(found.relevance).argmax(), found.relevance.shape)
    assert pane.list.texts()[0][1] == f"{block}.{head}"


def test_that_a_head_chosen_in_one_is_chosen_in_all_and_asked_for(window, worker, pane):
    pane.grid.setFocus()
    pane.list.chosen.emit(2, 1)
    assert pane.grid.current() == (2, 1)
    assert window.study.view.through == HeadPart(2, 1)
    assert worker.open == [LookAtHead(window.study.question, 2, 1)]


def test_that_tokens_show_what_it_gave_until_it_is_known_where_it_took_that(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    gave = heads_found(LookAtHeads(window.study.question)).heads.tokens[2, 1]
    assert np.array_equal(window.study.scene.text.values, gave)
    worker.answer()
    assert np.array_equal(window.study.scene.text.values, sources(window)[-1])
    assert f"taken at “{window.study.scene.text.tokens[-1].label}”" in window.study.scene.heading.sentence


def test_that_tokens_show_all_queries_or_what_it_gave_where_that_is_chosen(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    worker.answer()
    pane.ways.chosen.emit("all")
    assert np.allclose(window.study.scene.text.values, sources(window).sum(axis=0), atol=1e-6)
    assert "where it was taken" in window.study.scene.heading.sentence
    pane.ways.chosen.emit("gave")
    gave = heads_found(LookAtHeads(window.study.question)).heads.tokens[2, 1]
    assert np.array_equal(window.study.scene.text.values, gave)
    assert pane.ways.choice() == "gave"


def test_that_a_long_prompt_s_tokens_show_what_a_head_gave(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    found = head_found(LookAtHead(window.study.question, 2, 1))
    matrices = {name: getattr(found.head, name)[::2, ::2] for name in ("sources", "value", "query", "key", "pattern")}
    worker.say(LookAtHead, structs.replace(found, head=structs.replace(found.head, pooled=2, **matrices)))
    gave = heads_found(LookAtHeads(window.study.question)).heads.tokens[2, 1]
    assert np.array_equal(window.study.scene.text.values, gave)
    assert "2 × 2 pairs" in pane.matrix.sums.text() and pane.ways.offered() == ["gave"]


def test_that_v_turns_to_attention_weights_and_back(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    worker.answer()
    pane.grid.setFocus()
    for kind in ("weights", "relevance"):
        QTest.keyClick(pane.grid, Qt.Key.Key_V)
        assert pane.matrix.kinds.choice() == kind
        assert pane.matrix.table.matrix.are_weights == (kind == "weights")


@pytest.mark.parametrize("typed", ["/2.1", "2.1"])
def test_that_a_number_typed_in_the_heads_goes_to_that_head(window, worker, pane, typed):
    pane.grid.setFocus()
    QTest.keyClicks(pane.grid, typed[0])
    QTest.keyClicks(pane.number, typed[1:])
    assert window.study.view.through == HeadPart(2, 1)
    QTest.keyClick(pane.number, Qt.Key.Key_Return)
    assert pane.number.text() == "" and pane.grid.hasFocus()


def test_that_a_head_that_does_not_exist_is_not_gone_to(window, pane):
    pane.number.setFocus()
    QTest.keyClicks(pane.number, f"{BLOCKS}.0")
    assert window.study.view.through is None
    assert pane.number.toolTip() == f"Blocks are 0 to {BLOCKS - 1}, heads 0 to {HEADS - 1}"


def test_that_backspace_in_the_heads_goes_back_to_the_layer(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    worker.answer()
    pane.grid.setFocus()
    QTest.keyClick(pane.grid, Qt.Key.Key_Backspace)
    assert window.study.view.through is None and pane.grid.current() is None
    assert not pane.ways.isVisible()


def test_that_a_model_without_heads_says_so_in_the_tab_and_nowhere_else(window, worker):
    pane = window.below.pane(HeadsPane)
    window.below.setCurrentWidget(pane)
    sentence = "MambaForCausalLM has no attention heads: look at the neurons of its blocks."
    troubles = []
    window.troubled.connect(troubles.append)
    worker.say(LookAtHeads, Failed("model_unsupported", sentence))
    window.study.look_at_layer(1)
    assert pane.message() == sentence
    assert not worker.open and not troubles  # nor is it asked for again


def test_that_a_head_without_a_matrix_says_why_and_shows_what_it_gave(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    sentence = "This attention looks into 4 windows, each by itself, so there is no matrix of all its tokens."
    worker.say(LookAtHead, Failed("model_unsupported", sentence))
    assert pane.matrix.message() == sentence and pane.ways.offered() == ["gave"] == [pane.ways.choice()]
    gave = heads_found(LookAtHeads(window.study.question)).heads.tokens[2, 1]
    assert np.array_equal(window.study.scene.text.values, gave)
    assert not worker.open


def test_that_other_failures_are_trouble_and_are_not_asked_for_again_by_themselves(window, worker):
    window.below.setCurrentWidget(window.below.pane(HeadsPane))
    troubles = []
    window.troubled.connect(troubles.append)
    worker.say(LookAtHeads, Failed("out_of_memory", "It does not fit."))
    window.study.look_at_layer(1)
    assert [trouble.message for trouble in troubles] == ["It does not fit."] and not worker.open


def test_that_the_sums_of_the_ways_and_of_the_softmax_are_all_it_took(window, worker, pane):
    pane.grid.chosen.emit(2, 1)
    worker.answer()
    shown = head_in(window.study.scene)
    assert isinstance(shown, ShownHead)
    words = sums_in_words(shown).replace("−", "-").replace("+", "")
    taken, *ways = [
        float(word) for word in words.replace(":", "").split() if word.lstrip("-").replace(".", "").isdigit()
    ]
    assert len(ways) == 4 and sum(ways) == pytest.approx(taken, abs=0.03)
    assert taken == pytest.approx(float(sources(window).sum()), abs=0.01)
    assert pane.matrix.sums.text() == sums_in_words(shown)


def test_that_a_narrow_window_leaves_out_the_list_and_then_the_matrix(window, pane):
    for width, has_list, has_matrix in ((900, True, True), (500, False, True), (300, False, False)):
        pane.resize(width, 260)
        assert (pane.list.isVisibleTo(pane), pane.matrix.isVisibleTo(pane)) == (has_list, has_matrix)


def test_that_every_head_is_an_item_with_name_and_value(window, pane):
    items = items_of(pane.grid)
    assert len(items) == BLOCKS * HEADS
    found = heads_found(LookAtHeads(window.study.question)).heads.relevance
    assert items[HEADS + 1].text(QAccessible.Text.Name) == "head 1.1"
    value = items[HEADS + 1].text(QAccessible.Text.Value).replace("−", "-").split()[0]
    assert float(value) == pytest.approx(float(found[1, 1]), abs=0.006)


def test_that_colours_of_heads_follow_contrast_and_scale(window, worker, pane):
    window.study.look(window.study.view.looking(scale="target", contrast=1.0))
    assert pane._shown.limit == 12.5 and pane._shown.ramp.contrast == 1.0
