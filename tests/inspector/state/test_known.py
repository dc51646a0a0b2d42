from __future__ import annotations

from msgspec.structs import replace

from engine.protocol.inputs import Text
from engine.protocol.messages import ExplainEach, Rate
from engine.protocol.targets import Class
from engine.protocol.values import Continuation, Image, ModelSource
from inspector.state.known import Known, key_of, size_of
from inspector.state.question import BUNDLED_MODELS, Question, about_image
from tests.inspector.answers import answer_to, matrix_of, rated

QUESTIONS = [Question(BUNDLED_MODELS[0], Text(f"prompt {i}")) for i in range(3)]
ANSWERS = [answer_to(question) for question in QUESTIONS]


def test_that_what_was_kept_is_found():
    known = Known()
    known.keep(QUESTIONS[0], ANSWERS[0])
    assert known.find(QUESTIONS[0]) is ANSWERS[0]
    assert known.find(QUESTIONS[1]) is None


def test_that_the_answer_looked_at_longest_ago_goes_first():
    known = Known(room=2 * size_of(ANSWERS[0]))
    known.keep(QUESTIONS[0], ANSWERS[0])
    known.keep(QUESTIONS[1], ANSWERS[1])
    known.find(QUESTIONS[0])
    known.keep(QUESTIONS[2], ANSWERS[2])
    assert [known.find(question) is not None for question in QUESTIONS] == [True, False, True]


def test_that_an_answer_larger_than_the_room_is_not_kept():
    known = Known(room=size_of(ANSWERS[0]) - 1)
    known.keep(QUESTIONS[0], ANSWERS[0])
    assert len(known) == 0


def test_that_keeping_an_answer_again_does_not_use_its_room_twice():
    known = Known(room=2 * size_of(ANSWERS[0]))
    for _ in range(5):
        known.keep(QUESTIONS[0], ANSWERS[0])
    known.keep(QUESTIONS[1], ANSWERS[1])
    assert len(known) == 2


def about(digest: str, target: int) -> Question:
    image = Image("cat.png", digest, b"bytes of a picture")
    return replace(about_image(Question(ModelSource("bundled:vit"), Text()), image), target=Class(target))


def test_that_answers_about_one_picture_have_one_original_and_pay_for_it_once():
    one, two, other = about("cat", 0), about("cat", 1), about("dog", 0)
    answer = answer_to(one)
    original = answer.relevance.seen.whole.nbytes
    known = Known(room=2 * size_of(answer) + original)
    for question in (one, two):
        kept = known.keep(question, answer_to(question))
        assert kept is known.find(question)
    first, second = (known.find(question).relevance for question in (one, two))
    assert first.seen.whole is second.seen.whole
    assert first.seen.pixels is not second.seen.pixels
    del first, second, kept
    known.keep(other, answer_to(other))  # whose original is another: there is no room for two
    assert [known.find(question) is not None for question in (one, two, other)] == [False, False, True]


def test_that_an_original_goes_with_the_last_answer_that_has_it():
    one, other = about("cat", 0), about("dog", 0)
    size = size_of(answer_to(one))
    original = answer_to(one).relevance.seen.whole.nbytes
    known = Known(room=size + original)
    for question in (one, other, one, other):
        known.keep(question, answer_to(question))
        assert len(known) == 1


def test_that_endings_of_every_kind_are_kept_by_what_asks_for_them():
    known = Known()
    text = Text("one two three four", Continuation(8, (7, 8)))
    each, rate = ExplainEach(BUNDLED_MODELS[0], text), Rate(replace(about("cat", 0), rules="gamma(conv=1, linear=0)"))
    known.keep(each, matrix_of(each))
    known.keep(rate, rated(rate))
    assert known.find(replace(each, checkpointing=True)).question == each
    assert known.find(rate) is not None and known.find(Rate(about("cat", 1))) is None
    assert known.explained(about("cat", 0)) is None
    assert size_of(matrix_of(each)) >= matrix_of(each).matrix.rows.nbytes


def test_that_a_key_has_neither_a_pictures_bytes_nor_how_it_is_computed():
    asked = replace(about("cat", 0), checkpointing=True)
    assert key_of(asked).input.image.data == b""
    assert not key_of(asked).checkpointing
    assert key_of(asked) == about("cat", 0)
