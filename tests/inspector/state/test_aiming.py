"""What clicks ask of a model that predicts classes."""

from __future__ import annotations

import pytest
from msgspec import structs

from engine.protocol.inputs import Text
from engine.protocol.messages import Explained
from engine.protocol.targets import Class, Contrast, Sum, Target, Token, Top
from engine.protocol.values import Predicts
from inspector.state import aiming
from inspector.state.question import BUNDLED_MODELS, Question
from inspector.state.scene import resolve
from inspector.state.view import View
from tests.inspector.answers import answer_to

QUESTION = Question(BUNDLED_MODELS[0], Text("a prompt of five words"))
LABELS = ("unacceptable", "acceptable")


def shown_by(predicts: Predicts) -> Explained:
    """The answer of a classifier."""
    answer = answer_to(QUESTION)
    model = structs.replace(answer.relevance.model, predicts=predicts, labels=LABELS)
    return structs.replace(answer, relevance=structs.replace(answer.relevance, model=model))


@pytest.mark.parametrize(("predicts", "place"), [("classes", None), ("token classes", 3)])
def test_that_a_prediction_is_a_class(predicts: Predicts, place: int | None) -> None:
    shown = shown_by(predicts)
    target = structs.replace(shown.relevance.target, position=3)
    shown = structs.replace(shown, relevance=structs.replace(shown.relevance, target=target))
    assert aiming.token_at_position_shown(1, QUESTION, shown) == Class(1, place)
    assert aiming.token_at_position_shown("acceptable", QUESTION, shown) == Class("acceptable", place)


def test_that_a_class_without_a_name_is_a_class() -> None:
    shown = shown_by("classes")
    model = structs.replace(shown.relevance.model, labels=())
    shown = structs.replace(shown, relevance=structs.replace(shown.relevance, model=model))
    assert aiming.token_at_position_shown(1, QUESTION, shown) == Class(1, None)


def test_that_a_class_is_set_against_another() -> None:
    shown = shown_by("classes")
    explained = shown.relevance.target.terms[0][1]
    assert aiming.token_against(0, QUESTION, shown) == Contrast(explained, 0, -1)
    assert aiming.token_against(None, QUESTION, shown) == Class(explained, None)


def test_that_a_click_on_a_token_asks_for_its_class() -> None:
    assert aiming.chosen_at(2, QUESTION, shown_by("token classes")) == Top(2)


@pytest.mark.parametrize(
    ("predicts", "relation"), [("classes", "whole"), ("token classes", "at"), ("answer span", "at")]
)
def test_that_predictions_are_said_to_be_classes_and_where(predicts: Predicts, relation: str) -> None:
    choice = resolve(QUESTION, shown_by(predicts), View()).choice
    assert choice is not None
    assert (choice.kind, choice.relation) == ("class", relation)
    assert (resolve(QUESTION, shown_by(predicts), View()).position is None) == (predicts == "classes")
    told = resolve(QUESTION, answer_to(QUESTION), View()).choice
    assert told is not None
    assert (told.kind, told.relation) == ("token", "after")


# "a prompt of five words": tokens 0 to 4
@pytest.mark.parametrize(
    ("target", "prompt", "kept"),
    [
        (Token(7), "a prompt of six words", Token(7)),  # at the end, as before
        (Token(7, 2), "a prompt of six words", Token(7, 2)),  # behind "of", before the edit
        (Token(7, 2), "what a prompt of five words", Token(7, -3)),  # behind the edit
        (Contrast(7, 9, 2), "what a prompt of five words", Contrast(7, 9, -3)),
        (Contrast(7, None, -4), "a prompt of six words", Contrast(7, None, 1)),
        (Top(2), "what a prompt of five words", Top(-3)),
        (Top(), "what a prompt of five words", Top()),
        (Token(7, 3), "a prompt of six words", Token(7, -2)),  # the word itself
        (Class("acceptable"), "what a prompt", Class("acceptable")),
        (Class("acceptable", 2), "what a prompt of five words", Class("acceptable", -3)),
        (Sum((Token(7, 1), Token(8, 3))), "a prompt of big five words", Sum((Token(7, 1), Token(8, -2)))),
        (Token(7, 99), "a prompt of six words", Token(7, 99)),  # which is refused, as it was
    ],
)
def test_that_a_target_stays_at_its_word_when_the_prompt_is_edited(target: Target, prompt: str, kept: Target) -> None:
    assert aiming.carried(target, answer_to(QUESTION), Text(prompt)) == kept


def test_that_the_place_that_a_model_chose_itself_is_the_place() -> None:
    shown = shown_by("answer span")
    target = structs.replace(shown.relevance.target, position=3)
    shown = structs.replace(shown, relevance=structs.replace(shown.relevance, target=target))
    assert resolve(QUESTION, shown, View()).position == 3
    assert resolve(structs.replace(QUESTION, target=Top(1)), shown, View()).position == 1
