"""A pinned answer stays beside those that follow, on one scale, as long as that makes sense."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from msgspec.structs import replace

from engine.figures.picture import on_picture
from engine.protocol.inputs import Text
from engine.protocol.looks import Look
from engine.protocol.targets import Class
from engine.protocol.values import Image, ModelSource
from inspector.state.figures import figure_of, pair_of
from inspector.state.question import BUNDLED_MODELS, Question, about_image, about_prompt
from inspector.state.study import Study
from inspector.state.view import View
from tests.inspector.answers import BLOCKS, GRID, answer_to

IMAGE = Image("cat.png", "a digest", b"bytes of a picture")
QUESTION = about_image(Question(ModelSource("bundled:vit"), Text("a prompt")), IMAGE)
OTHER_CLASS = replace(QUESTION, target=Class(1))


def answered(*questions: Question, view: View | None = None) -> Study:
    """A study about the last of the questions, whose first answer is pinned."""
    study = Study(questions[0], view)
    for place, question in enumerate(questions):
        study.ask(question)
        study.learn(question, answer_to(question))
        if not place:
            study.pin()
    return study


def test_that_a_pinned_answer_stays_beside_another_class():
    study = answered(QUESTION, OTHER_CLASS)
    pinned, now = study.scene.picture.sides
    assert pinned.answer is study.pinned and pinned.answer.question.target == QUESTION.target
    assert now.answer is study.shown and now.answer.question.target == Class(1)
    assert (pinned.title, now.title) == ("AttnLRP · “tabby cat”", "AttnLRP · “tiger cat”")
    assert study.scene.heading.sentence.startswith("at the pixels · ")


def test_that_a_pinned_answer_stays_beside_another_rule_set_and_an_undone_question():
    study = answered(QUESTION, replace(QUESTION, rules="cp-lrp"))
    assert [side.title.split(" · ")[0] for side in study.scene.picture.sides] == ["AttnLRP", "CP-LRP"]
    study.undo()
    assert [side.answer for side in study.scene.picture.sides] == [study.pinned, study.pinned]
    study.redo()
    assert study.scene.picture.sides[-1].title.startswith("CP-LRP")


@pytest.mark.parametrize("layer", [None, 2])
def test_that_both_end_at_the_larger_limit_and_show_the_same_layer(layer):
    study = answered(QUESTION, OTHER_CLASS, view=View(look=Look(layer=layer)))
    shown = study.scene.picture
    assert shown.limit == max(float(np.abs(shown.values_of(side)).max()) for side in shown.sides)
    shape = (12, 16) if layer is None else (GRID.rows, GRID.columns)
    assert [shown.values_of(side).shape for side in shown.sides] == [shape, shape]
    assert shown.legend.endswith("for both")


def test_that_a_layer_without_places_has_none_on_either_side():
    shown = answered(QUESTION, OTHER_CLASS, view=View(look=Look(layer=BLOCKS))).scene.picture
    assert [shown.values_of(side) for side in shown.sides] == [None, None]


def test_that_the_share_of_the_target_is_that_of_the_larger_target():
    study = answered(QUESTION, view=View(look=Look(scale="target")))
    study.ask(OTHER_CLASS)
    answer = answer_to(OTHER_CLASS)
    study.learn(OTHER_CLASS, structs.replace(answer, relevance=structs.replace(answer.relevance, value=-40.0)))
    assert study.scene.picture.limit == 40
    assert "value, 40.00" in study.scene.picture.legend


@pytest.mark.parametrize(
    "other",
    [
        about_image(QUESTION, Image("dog.png", "another digest", b"other bytes")),
        replace(QUESTION, source=ModelSource("another-vit")),
        about_prompt(QUESTION, "words"),
    ],
    ids=["picture", "model", "text"],
)
def test_that_it_is_let_go_when_something_else_is_explained(other):
    study = answered(QUESTION)
    study.ask(other)
    assert study.pinned is not None  # what is on show is still the old answer
    study.learn(other, answer_to(other))
    assert study.pinned is None


def test_that_letting_go_leaves_the_present_answer():
    study = answered(QUESTION, OTHER_CLASS)
    study.let_go()
    assert [side.answer for side in study.scene.picture.sides] == [study.shown]
    assert study.scene.heading.sentence.startswith("AttnLRP · at the pixels · ")


def test_that_there_is_nothing_to_pin_without_an_answer():
    study = Study()
    study.pin()
    assert study.pinned is None
    assert study.scene.pinned is None


def test_that_the_pair_is_exported_as_it_is_seen():
    view = View(
        mode="overlay", look=Look(layer=2, scale="global", opacity=0.3, clip=99.0, original=True, colour_map="bwr")
    )
    study = answered(QUESTION, OTHER_CLASS, view=view)
    asked = pair_of(study.scene, "pdf")
    assert [cell.target.label for cell in asked.cells] == ["“tabby cat”", "“tiger cat”"]
    assert asked.columns == study.scene.picture.titles
    assert (asked.format, asked.picture, asked.shared, asked.look.original) == ("pdf", "overlay", True, True)
    assert (asked.look.layer, asked.look.scale, asked.look.colour_map) == (2, "global", "bwr")
    assert (asked.look.opacity, asked.look.clip) == (0.3, 99.0)
    one = figure_of(study.scene, "png", "overlay")
    assert one.relevance is study.shown.relevance
    assert (one.look.original, one.look.layer, one.look.opacity) == (True, 2, 0.3)
    assert figure_of(Study().scene, "png", "tokens") is pair_of(Study().scene, "png") is None


def test_that_an_original_nobody_knows_is_not_shown():
    study = answered(QUESTION, view=View(look=Look(original=True)))
    assert study.scene.picture.original
    answer = answer_to(OTHER_CLASS)
    seen = structs.replace(answer.relevance.seen, whole=None, box=None)
    study.ask(OTHER_CLASS)
    study.learn(OTHER_CLASS, structs.replace(answer, relevance=answer.relevance.with_part(seen=seen)))
    assert not study.scene.picture.original
    assert not figure_of(study.scene, "png", "overlay").look.original


def test_that_the_screen_and_paper_place_a_layer_alike():
    study = answered(QUESTION, view=View(look=Look(layer=1)))
    relevance = study.shown.relevance
    on_paper = on_picture(relevance, 1)
    assert np.array_equal(on_paper, np.kron(study.scene.picture.values, np.ones((4, 4))))


WORDS = Question(BUNDLED_MODELS[0], Text("a prompt of five words"))
OTHER_RULES = replace(WORDS, rules="cp-lrp")


@pytest.mark.parametrize("layer", [None, 2])
def test_that_answers_about_a_text_stand_beside_each_other_on_one_scale(layer):
    shown = answered(WORDS, OTHER_RULES, view=View(look=Look(layer=layer))).scene.text
    assert [side.title for side in shown.sides] == ["AttnLRP · “7”", "CP-LRP · “7”"]
    assert shown.limit == max(float(np.abs(shown.values_of(side)[1:-1]).max()) for side in shown.sides)
    assert shown.legend.endswith("for both")


def test_that_another_prompt_lets_the_pinned_text_go():
    study = answered(WORDS, about_prompt(WORDS, "quite another prompt"))
    assert study.pinned is None


@pytest.mark.parametrize(("first", "second"), [(WORDS, OTHER_RULES), (QUESTION, OTHER_CLASS)], ids=["text", "picture"])
@pytest.mark.parametrize("layer", [None, 1])
def test_that_the_difference_is_that_of_the_numbers(first, second, layer):
    study = answered(first, second, view=View(look=Look(layer=layer, without=False), difference=True))
    (side,) = study.scene.part.sides
    pinned, shown = study.pinned.relevance, study.shown.relevance
    np.testing.assert_array_equal(side.relevance.layers, shown.layers - pinned.layers)
    np.testing.assert_array_equal(side.relevance.input, shown.input - pinned.input)
    assert side.relevance.value == shown.value - pinned.value
    assert study.scene.part.limit == pytest.approx(float(np.nanmax(np.abs(study.scene.part.values))))
    assert study.scene.pinned is study.pinned
    assert " − " in side.title
    study.let_go()
    assert not study.view.difference
    assert study.scene.part.relevance is study.shown.relevance


def test_that_a_difference_is_exported_as_it_is_seen():
    study = answered(WORDS, OTHER_RULES, view=View(difference=True))
    asked = figure_of(study.scene, "csv", "tokens")
    np.testing.assert_array_equal(asked.relevance.input, study.scene.text.values)


def test_that_a_decoders_text_is_a_part_of_its_own():
    answer = answer_to(WORDS)
    part = answer.relevance.parts[0]
    decoder = structs.replace(part, tokens=part.tokens[:2], input=part.input[:2], layers=part.layers[:, :2] * 3)
    both = structs.replace(answer, relevance=structs.replace(answer.relevance, parts=(part, decoder)))
    study = Study(WORDS)
    study.learn(WORDS, both)
    first, second = study.scene.parts
    assert first is study.scene.text
    assert len(second.tokens) == 2
    study.look_at_layer(1)
    np.testing.assert_array_equal(study.scene.parts[1].values, decoder.layers[1])


def test_that_a_difference_says_so_wherever_it_is_exported():
    relevance = figure_of(answered(WORDS, OTHER_RULES, view=View(difference=True)).scene, "json", "tokens").relevance
    assert relevance.rules == "CP-LRP − AttnLRP"
    assert relevance.target.label == "“7” − “7”"
    assert sum(weight for _, _, weight in relevance.target.terms) == 0
    same = figure_of(answered(QUESTION, OTHER_CLASS, view=View(difference=True)).scene, "json", "heatmap").relevance
    assert (same.rules, same.target.label) == ("attnlrp", "“tiger cat” − “tabby cat”")
    assert same.target.terms == ((-1, 1, 1.0), (-1, 0, -1.0))


def test_that_a_difference_ends_with_its_pin():
    study = answered(WORDS, OTHER_RULES, view=View(difference=True))
    other = about_prompt(WORDS, "quite another prompt")
    study.ask(other)
    study.learn(other, answer_to(other))
    study.pin()
    assert not study.view.difference
    assert len(study.scene.text.sides) == 2
