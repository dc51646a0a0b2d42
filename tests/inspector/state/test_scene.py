from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from msgspec.structs import replace

from engine.protocol.inputs import Text
from engine.protocol.looks import Look
from engine.protocol.targets import Contrast, Token, Top
from engine.protocol.values import Account, Ledger
from inspector.look.numbers import written
from inspector.state.question import BUNDLED_MODELS, Question, about_prompt
from inspector.state.scene import resolve
from inspector.state.view import View
from tests.inspector.answers import BLOCKS, answer_to

QUESTION = Question(BUNDLED_MODELS[0], Text("a prompt of five words"))
AT_THE_INPUT = View()


def scene_of(view: View = AT_THE_INPUT, **changes):
    question = replace(QUESTION, **changes)
    return resolve(question, answer_to(question), view)


def test_that_without_an_answer_there_is_only_the_question():
    scene = resolve(QUESTION, None, View(look=Look(layer=2)))
    assert scene.part is scene.choice is None
    assert scene.view.look.layer == 2


@pytest.mark.parametrize("layer", [None, 0, BLOCKS])
def test_that_the_strip_shows_the_layer_looked_at(layer):
    scene = scene_of(View(look=Look(layer=layer)))
    relevance = scene.text.answer.relevance
    expected = relevance.input if layer is None else relevance.layers[layer]
    assert np.array_equal(scene.text.values, expected)


def test_that_each_layer_has_a_limit_of_its_own_at_the_scale_of_layers():
    scene = scene_of(View(look=Look(scale="layer")))
    relevance = scene.text.layers.relevance
    rows = np.vstack([relevance.input, relevance.layers])
    assert np.allclose(scene.text.layers.limits, np.abs(rows[:, 1:-1]).max(axis=1))
    everything = scene_of(View(look=Look(scale="layer", without=False))).text.layers.limits
    assert np.allclose(everything, np.abs(rows).max(axis=1))


def test_that_all_layers_share_a_limit_at_the_global_scale():
    scene = scene_of(View(look=Look(scale="global")))
    assert np.allclose(scene.text.layers.limits, np.abs(scene.text.layers.relevance.layers[:, 1:-1]).max())


def test_that_the_share_of_the_target_is_measured_at_its_value():
    scene = scene_of(View(look=Look(scale="target", layer=1)))
    assert scene.text.limit == 12.5
    assert set(scene.text.layers.limits) == {12.5}


def test_that_the_legend_says_how_the_limit_was_chosen():
    assert scene_of(View(look=Look(scale="layer"))).text.legend == "Colours span this layer"
    assert scene_of(View(look=Look(scale="global"))).text.legend == "Colours span all layers"
    assert scene_of(View(look=Look(scale="target"))).text.legend == "Colours span the target's value, 12.50"


@pytest.mark.parametrize(
    ("layer", "place"), [(None, "at the input"), (2, "at layer 2 of 4"), (BLOCKS, "at layer 4 of 4")]
)
def test_that_the_heading_says_which_layer(layer, place):
    assert scene_of(View(look=Look(layer=layer))).heading.sentence.startswith(f"AttnLRP · {place} · ")


def test_that_the_heading_asks_what_the_answer_answers():
    answer = answer_to(Question(BUNDLED_MODELS[0], Text("a prompt of five words")))
    assert resolve(answer.question, answer, View()).heading.question == "Why “7” (50 %, 12.50) after “five words”"
    contrast = answer_to(replace(answer.question, target=Contrast(101, 102)))
    target = structs.replace(contrast.relevance.target, label="“3” − “5”")
    contrast = structs.replace(contrast, relevance=structs.replace(contrast.relevance, target=target))
    question = resolve(contrast.question, contrast, View()).heading.question
    assert question == "Why “3” instead of “5” (+12.50) after “five words”"


def test_that_the_sum_is_set_against_the_target():
    scene = scene_of(View(look=Look(layer=1)))
    total = written(float(scene.text.layers.relevance.layers[1].sum(dtype=np.float64)))
    assert f"{total} of 12.50 arrives here" in scene.heading.sentence
    assert not scene.is_defect


def test_that_what_is_rounding_beside_the_target_is_written_as_zero():
    answer = answer_to(Question(BUNDLED_MODELS[0], Text("a b c")))
    nothing = Account(1.0, 1.0, constants=1e-9, softmax=3e-15, rest=0.0)
    ledger = Ledger(nothing, nothing, (nothing,) * BLOCKS, nothing, {}, True, True)
    told = replace(answer, relevance=replace(answer.relevance, ledger=ledger))
    assert resolve(answer.question, told, View()).heading.sentence.endswith("arrives here")


@pytest.mark.parametrize(("conserves", "closes"), [(True, True), (True, False), (False, False)])
def test_that_a_mark_means_a_defect_and_not_the_method(conserves, closes):
    answer = answer_to(QUESTION)
    blocks = tuple(Account(0, 0, 1.0, 0.5, 0.25) for _ in range(4))
    whole, end = Account(12.5, 0, 7.0, 4.0, 1.5), Account(0, 0, 1.0, 1.0, 0.5)
    ledger = Ledger(whole, Account(0, 0, 2.0, 1.0, 0.0), blocks, end, {"bias": 7.0}, conserves, closes)
    answer = structs.replace(answer, relevance=structs.replace(answer.relevance, ledger=ledger))
    scene = resolve(QUESTION, answer, View())
    assert "softmax keeps 4.00 · constants 7.00" in scene.heading.sentence
    assert scene.heading.sentence.endswith("· left over 1.50") == (not closes)
    assert scene.is_defect == (conserves and not closes)
    assert scene.promise
    assert "softmax keeps 1.50 · constants 2.00" in resolve(QUESTION, answer, View(look=Look(layer=3))).heading.sentence


def test_that_the_choice_names_what_is_explained_and_against_what():
    assert scene_of(target=Top()).choice.explained == 100
    contrast = scene_of(target=Contrast(101, 102)).choice
    assert (contrast.explained, contrast.against) == (101, 102)
    assert scene_of(target=Contrast(101)).choice.against == "mean"
    assert scene_of(target=Token(103, 2)).choice.position == 2


def test_that_the_position_follows_the_question_before_its_answer_is_there():
    answer = answer_to(QUESTION)
    scene = resolve(replace(QUESTION, target=Top(1)), answer, View())
    assert scene.stale
    assert scene.position == 1


def test_that_of_another_prompt_the_position_shown_is_the_answers():
    answer = answer_to(replace(QUESTION, target=Top(2)))
    scene = resolve(about_prompt(QUESTION, "quite another prompt of many more words"), answer, View())
    assert scene.position == 2


def test_that_equal_views_of_one_answer_are_equal_parts():
    answer = answer_to(QUESTION)
    one, two = (resolve(QUESTION, answer, View(token=token, look=Look(layer=1))) for token in (0, 3))
    assert one.text == two.text
    assert one.text.layers == two.text.layers
    assert one.text != resolve(QUESTION, answer, View(look=Look(layer=2))).text
