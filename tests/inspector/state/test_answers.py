from __future__ import annotations

from dataclasses import replace

from answers import answer_to

from engine.protocol.targets import Class
from engine.protocol.values import Image, ModelSource
from inspector.state.answers import Answers, size_of
from inspector.state.question import Question

QUESTIONS = [Question(prompt=f"prompt {i}") for i in range(3)]
ANSWERS = [answer_to(question.request()) for question in QUESTIONS]


def test_that_what_was_kept_is_found():
    answers = Answers()
    answers.keep(QUESTIONS[0], ANSWERS[0])
    assert answers.find(QUESTIONS[0]) is ANSWERS[0]
    assert answers.find(QUESTIONS[1]) is None


def test_that_the_answer_looked_at_longest_ago_goes_first():
    answers = Answers(room=2 * size_of(ANSWERS[0]))
    answers.keep(QUESTIONS[0], ANSWERS[0])
    answers.keep(QUESTIONS[1], ANSWERS[1])
    answers.find(QUESTIONS[0])
    answers.keep(QUESTIONS[2], ANSWERS[2])
    assert [answers.find(question) is not None for question in QUESTIONS] == [True, False, True]


def test_that_an_answer_larger_than_the_room_is_not_kept():
    answers = Answers(room=size_of(ANSWERS[0]) - 1)
    answers.keep(QUESTIONS[0], ANSWERS[0])
    assert len(answers) == 0


def test_that_keeping_an_answer_again_does_not_use_its_room_twice():
    answers = Answers(room=2 * size_of(ANSWERS[0]))
    for _ in range(5):
        answers.keep(QUESTIONS[0], ANSWERS[0])
    answers.keep(QUESTIONS[1], ANSWERS[1])
    assert len(answers) == 2


def about(digest: str, target: int) -> Question:
    image = Image("cat.png", digest, b"bytes of a picture")
    return replace(Question(ModelSource("bundled:vit")).about_image(image), target=Class(target))


def test_that_answers_about_one_picture_have_one_original_and_pay_for_it_once():
    one, two, other = about("cat", 0), about("cat", 1), about("dog", 0)
    answer = answer_to(one.request())
    original = answer.relevance.seen.whole.nbytes
    answers = Answers(room=2 * size_of(answer) + original)
    for question in (one, two):
        kept = answers.keep(question, answer_to(question.request()))
        assert kept is answers.find(question)
    first, second = (answers.find(question).relevance for question in (one, two))
    assert first.seen.whole is second.seen.whole
    assert first.seen.pixels is not second.seen.pixels
    del first, second, kept
    answers.keep(other, answer_to(other.request()))  # whose original is another: there is no room for two
    assert [answers.find(question) is not None for question in (one, two, other)] == [False, False, True]


def test_that_an_original_goes_with_the_last_answer_that_has_it():
    one, other = about("cat", 0), about("dog", 0)
    size = size_of(answer_to(one.request()))
    original = answer_to(one.request()).relevance.seen.whole.nbytes
    answers = Answers(room=size + original)
    for question in (one, other, one, other):
        answers.keep(question, answer_to(question.request()))
        assert len(answers) == 1
