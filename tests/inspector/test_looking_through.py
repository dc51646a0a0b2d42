"""A part of the model looked at in place of a layer: a head, or a neuron."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.protocol.inputs import Text
from engine.protocol.messages import Failed, FindNeurons, LookAtHeads, OpenBlock
from inspector.state.model_part import HeadPart, NeuronPart
from tests.inspector.answers import BLOCKS, HEADS, heads_found, neuron

HEAD, NEURON = HeadPart(2, 1), NeuronPart(1, 706)


def look_through(window, worker, part) -> None:
    window.study.look_by("gave")
    window.below.part_chosen.emit(part)
    worker.answer()


def facts_of(window) -> str:
    return window.study.scene.heading.sentence


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (HEAD, lambda question, count: heads_found(LookAtHeads(question)).heads.tokens[2, 1]),
        (NEURON, lambda question, count: neuron(1, 706, count).tokens),
    ],
)
def test_that_tokens_list_and_sums_are_those_of_the_part(window, worker, part, expected):
    look_through(window, worker, part)
    shown = window.study.scene.text
    values = expected(window.study.question, len(shown.tokens))
    assert np.array_equal(shown.values, values)
    assert np.isclose(shown.limit, np.abs(values[1:-1]).max())
    assert float(window.relevance.strip.tsv().splitlines()[3].split("\t")[4]) == pytest.approx(float(values[2]))
    listed = window.target.strongest.texts()
    assert float(listed[-1][2].replace("−", "-")) == pytest.approx(float(values.sum()), abs=0.006)


def test_that_the_heading_names_the_part_and_its_share_of_the_target(window, worker):
    look_through(window, worker, HEAD)
    total = heads_found(LookAtHeads(window.study.question)).heads.relevance[2, 1]
    said = f"{total:.2f}".replace("-", "−")
    assert facts_of(window) == f"AttnLRP · through head 2.1 · {said} of 12.50 · what it gave each token"
    assert "through head 2.1" in window.relevance.strip.accessibleDescription()
    look_through(window, worker, NEURON)
    assert "through neuron 1.706" in facts_of(window)


def test_that_the_layer_stays_on_show_until_the_part_is_known(window, worker):
    before = window.study.scene.text
    window.below.part_chosen.emit(HEAD)
    assert window.study.scene.text == before
    assert [type(request) for request in worker.open] == [LookAtHeads]
    worker.answer()
    assert window.study.scene.text != before


def test_that_a_neuron_is_found_among_the_leading_ones_without_opening_its_block(window, worker):
    request = FindNeurons(window.study.question)
    window.inquiry.look_into(request, "")
    worker.answer()
    look_through(window, worker, NeuronPart(3, 7))
    assert window.study.scene.text.through.part == NeuronPart(3, 7)
    assert not any(isinstance(asked, OpenBlock) for _, asked in worker.asked)


@pytest.mark.parametrize("key", [Qt.Key.Key_Backspace, Qt.Key.Key_Escape])
def test_that_a_key_goes_back_to_the_layer(window, worker, key):
    window.study.look_at_layer(2)
    before = window.study.scene.text
    look_through(window, worker, HEAD)
    window.relevance.strip.setFocus()
    QTest.keyClick(window.relevance.strip, key)
    assert window.study.view.through is None
    assert window.study.scene.text == before


def test_that_choosing_a_layer_lets_the_part_go(window, worker):
    look_through(window, worker, HEAD)
    window.below.layer_clicked.emit(1)
    assert window.study.view.through is None and window.study.view.look.layer == 1


def test_that_a_new_question_keeps_the_part_and_asks_for_it(window, worker):
    look_through(window, worker, HEAD)
    window.inquiry.choose_rules("cp-lrp")
    worker.answer()
    assert window.study.scene.text.through.part == HEAD
    expected = heads_found(LookAtHeads(window.study.question)).heads.tokens[2, 1]
    assert np.array_equal(window.study.scene.text.values, expected)


@pytest.mark.parametrize("part", [HeadPart(BLOCKS, 0), HeadPart(0, HEADS), NeuronPart(0, 5)])
def test_that_a_part_that_the_answer_has_not_is_let_go(window, worker, part):
    look_through(window, worker, part)
    assert window.study.view.through is None
    assert "through" not in facts_of(window)


def test_that_a_refusal_lets_the_part_go_and_is_asked_for_once(window, worker):
    window.below.part_chosen.emit(HEAD)
    worker.say(LookAtHeads, Failed("model_unsupported", "Mamba has no attention heads."))
    assert window.study.view.through is None
    window.below.part_chosen.emit(HEAD)
    assert not worker.open


def test_that_a_pinned_answer_is_seen_through_the_same_part(window, worker):
    window.study.pin()
    window.inquiry.choose_rules("cp-lrp")
    worker.answer()
    look_through(window, worker, HEAD)
    ours, theirs = (heads_found(LookAtHeads(side.answer.question)).heads.tokens[2, 1] for side in sides(window)[::-1])
    shown = window.study.scene.text
    assert np.array_equal(shown.values, ours)
    assert np.array_equal(shown.values_of(shown.sides[0]), theirs)
    window.commands["view.difference"].trigger()
    assert np.array_equal(window.study.scene.text.values, ours - theirs)


def sides(window):
    return window.study.scene.text.sides


def test_that_another_prompt_keeps_the_part(window, worker):
    look_through(window, worker, HEAD)
    window.study.ask(structs.replace(window.study.question, input=Text("Four words are here")))
    window.inquiry.explain()
    worker.answer()
    assert len(window.study.scene.text.values) == 4
    assert window.study.scene.text.through.part == HEAD
