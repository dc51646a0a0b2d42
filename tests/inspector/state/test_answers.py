from __future__ import annotations

from answers import answer_to

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
