from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.protocol.inputs import Text
from engine.protocol.looks import Look
from engine.protocol.targets import Token, Top
from inspector.state.question import BUNDLED_MODELS, Question
from inspector.state.study import Study
from inspector.state.view import View
from tests.inspector.answers import answer_to

FIRST = Question(BUNDLED_MODELS[0], Text("the first prompt"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def study(clock: Clock) -> Study:
    return Study(FIRST, clock=clock)


def test_that_an_answer_to_the_present_question_is_shown_and_fresh(study):
    study.learn(FIRST, answer_to(FIRST))
    assert study.is_answered
    assert study.scene.text is not None
    assert not study.scene.stale


def test_that_the_last_good_answer_stays_on_show_marked_stale(study):
    study.learn(FIRST, answer_to(FIRST))
    study.type("the first prompt, longer")
    assert study.scene.stale
    assert study.scene.text.answer.relevance.prompt == FIRST.input.text


def test_that_an_answer_known_already_comes_back_at_once(study):
    answer = answer_to(FIRST)
    study.learn(FIRST, answer)
    other = replace(FIRST, rules="cp-lrp")
    study.ask(other)
    assert study.scene.stale
    study.learn(other, answer_to(other))
    study.ask(FIRST)
    assert study.scene.text.answer is answer
    assert not study.scene.stale


def test_that_checkpointing_does_not_make_another_question(study):
    study.learn(FIRST, answer_to(FIRST))
    study.amend(replace(FIRST, checkpointing=True))
    assert study.is_answered


def test_that_an_answer_that_comes_late_does_not_replace_a_fresh_one(study):
    late = answer_to(FIRST)
    now = replace(FIRST, rules="gradient")
    study.ask(now)
    fresh = answer_to(now)
    study.learn(now, fresh)
    study.learn(FIRST, late)
    assert study.shown is fresh


def test_that_typing_is_undone_in_one_step(study):
    for end in range(1, 6):
        study.type("other"[:end])
    study.undo()
    assert study.question == FIRST
    study.redo()
    assert study.question.input.text == "other"


def test_that_a_pause_in_typing_ends_the_step(study, clock):
    study.type("one")
    clock.now += 10
    study.type("one two")
    study.undo()
    assert study.question.input.text == "one"


def test_that_explaining_ends_a_step_of_typing(study):
    study.type("one")
    study.end_step()
    study.type("one two")
    study.undo()
    assert study.question.input.text == "one"


def test_that_a_new_question_leaves_nothing_to_redo(study):
    study.ask(replace(FIRST, rules="gradient"))
    study.undo()
    study.ask(replace(FIRST, rules="cp-lrp"))
    assert not study.redo_name


def test_that_undo_at_the_beginning_changes_nothing(study):
    study.undo()
    assert study.question == FIRST
    assert not study.undo_name


def test_that_a_question_taken_back_cannot_be_redone(study):
    study.ask(replace(FIRST, target=Token("no token")))
    study.take_back()
    assert study.question == FIRST
    assert not study.redo_name


def test_that_another_prompt_forgets_the_target(study):
    study.ask(replace(FIRST, target=Token(3, 1)))
    study.type("another prompt")
    assert study.question.target == Top()


def test_that_layers_are_walked_from_the_input_to_the_last_and_no_further(study):
    study.learn(FIRST, answer_to(FIRST))
    layers = len(study.shown.relevance.layers)
    walked = [study.view.look.layer]
    for _ in range(layers + 1):
        study.step_layer(1)
        walked.append(study.view.look.layer)
    assert walked == [None, *range(layers), layers - 1]
    for _ in range(layers + 3):
        study.step_layer(-1)
    assert study.view.look.layer is None


def test_that_a_layer_that_an_answer_does_not_have_becomes_the_input(study):
    study.look(View(look=Look(layer=3)))
    study.learn(FIRST, answer_to(FIRST))
    assert study.view.look.layer == 3
    study.look_at_layer(40)
    assert study.view.look.layer is None


def test_that_looking_in_another_way_tells_the_scene_once(study, qtbot):
    study.learn(FIRST, answer_to(FIRST))
    scenes = []
    study.scene_changed.connect(scenes.append)
    study.look_at_layer(2)
    study.look_at_layer(2)
    assert [scene.view.look.layer for scene in scenes] == [2]
