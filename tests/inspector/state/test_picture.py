from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from msgspec.structs import replace

from engine.protocol.inputs import Picture, Text
from engine.protocol.looks import Look
from engine.protocol.rule_names import Gamma
from engine.protocol.values import Image, ModelSource
from inspector.look.numbers import written
from inspector.state.known import BYTES_EACH, key_of, size_of
from inspector.state.question import BUNDLED_MODELS, Question, about_image, about_prompt
from inspector.state.scene import resolve
from inspector.state.study import Study
from inspector.state.view import View
from tests.inspector.answers import BLOCKS, GRID, PICTURE, answer_to

IMAGE = Image("cat.png", "a digest", b"bytes of a picture")
QUESTION = about_image(Question(ModelSource("bundled:vit"), Text("a prompt")), IMAGE)


def scene_of(view: View = View(), question: Question = QUESTION):  # noqa: B008  (frozen)
    return resolve(question, answer_to(question), view)


def test_that_a_question_is_about_a_prompt_or_a_picture():
    assert QUESTION.input == Picture(IMAGE)
    assert about_prompt(QUESTION, "words").input == Text("words")


def test_that_an_answer_without_the_bytes_answers_the_question_with_them():
    answer = answer_to(QUESTION)
    assert answer.question.input.image.data == b""
    assert key_of(answer.question) == key_of(QUESTION)
    assert not resolve(QUESTION, answer, View()).stale


def test_that_another_picture_is_another_question():
    other = about_image(QUESTION, Image(IMAGE.name, "another digest", IMAGE.data))
    assert key_of(other) != key_of(QUESTION)
    assert resolve(other, answer_to(QUESTION), View()).stale


def test_that_undo_returns_from_the_picture_to_the_prompt():
    study = Study(Question(BUNDLED_MODELS[0], Text("a prompt")))
    study.ask(about_image(study.question, IMAGE))
    study.undo()
    assert study.question.input == Text("a prompt")
    study.redo()
    assert study.question.input == Picture(IMAGE)


def test_that_a_picture_takes_the_place_of_strip_and_map():
    scene = scene_of()
    assert scene.text is None
    assert scene.picture.values.shape == PICTURE
    assert scene.picture.seen is scene.relevance.seen
    assert scene.picture.grid == GRID
    assert "at the pixels" in scene.heading.sentence
    assert scene.position is None


def test_that_a_layer_is_shown_on_its_grid_without_the_class_token():
    scene = scene_of(View(look=Look(layer=2)))
    row = scene.relevance.layers[2]
    assert np.array_equal(scene.picture.values, row[1:].reshape(GRID.rows, GRID.columns))
    assert np.array_equal(scene.picture.layers.extras[3], row[:1])
    assert "class token" in scene.heading.sentence
    assert f"of {written(scene.relevance.value)} arrives here" in scene.heading.sentence


def test_that_a_layer_whose_relevance_is_all_at_the_class_token_is_said_and_has_no_colour():
    answer = answer_to(QUESTION)
    relevance = answer.relevance
    assert resolve(QUESTION, answer, View(look=Look(layer=2))).picture.note == ""
    layers = relevance.layers.copy()
    layers[2, 1:] = relevance.value * 9e-7
    emptied = structs.replace(answer, relevance=relevance.with_part(layers=layers))
    picture = resolve(QUESTION, emptied, View(look=Look(layer=2))).picture
    assert picture.note == "All relevance of this layer is at the class token, which has no place on the picture."
    assert picture.limit == pytest.approx(abs(relevance.value))
    assert resolve(QUESTION, emptied, View(look=Look(layer=1))).picture.note == ""


def test_that_a_layer_without_places_is_not_put_on_the_picture():
    scene = scene_of(View(look=Look(layer=BLOCKS)))
    assert scene.picture.values is None
    assert scene.picture.grid is None
    assert scene.picture.layers.maps[-1] is None
    assert f"· {scene.relevance.layers[-1, 0]:.2f} of".replace("-", "−") in scene.heading.sentence


def test_that_the_thumbnails_are_the_pixels_and_every_layer():
    thumbnails = scene_of().picture.layers
    assert [found.shape for found in thumbnails.maps[:-1]] == [PICTURE] + [(GRID.rows, GRID.columns)] * BLOCKS
    assert thumbnails.labels == ("Pixels", "Layer 0", "Layer 1", "Layer 2", "Layer 3", "Layer 4")
    assert thumbnails.limits[0] == pytest.approx(np.abs(thumbnails.maps[0]).max())


def test_that_clipping_is_for_the_colours_alone():
    whole, clipped = scene_of(View()), scene_of(View(look=Look(clip=95.0)))
    values = np.abs(whole.picture.values)
    assert whole.picture.limit == pytest.approx(values.max())
    assert clipped.picture.limit == pytest.approx(np.percentile(values, 95))
    assert np.array_equal(whole.picture.values, clipped.picture.values)
    assert "95 % of values" in clipped.picture.legend


def test_that_mode_and_opacity_leave_the_picture_equal():
    answer = answer_to(QUESTION)
    one, two = (
        resolve(QUESTION, answer, View(mode=mode, look=Look(opacity=0.3))).picture for mode in ("overlay", "heatmap")
    )
    assert one == two


def test_that_gamma_rules_are_titled():
    question = replace(QUESTION, rules=Gamma(0.25, 0.05).name)
    assert Gamma(0.25, 0.05).title in scene_of(question=question).heading.sentence


def test_that_channels_and_pixels_count_as_room():
    answer = answer_to(QUESTION)
    relevance = answer.relevance
    parts = (relevance.input, relevance.layers, relevance.channels, relevance.seen.pixels)
    arrays = sum(part.nbytes for part in parts)
    assert size_of(answer) == arrays + BYTES_EACH * len(answer.predictions)
