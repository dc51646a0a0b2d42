"""The recall task: what its prompts promise."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from resources.models.recall import Key, Recall, Split, lessons, recalls

PROMPTS = list(islice(recalls(seed=5), 300))
HEIGHT = re.compile(r"\b[678],(\d{3}) m")


def heights(text: str) -> list[str]:
    return [found[1] for found in HEIGHT.finditer(text)]


def test_that_the_same_seed_gives_the_same_prompts_and_another_seed_others() -> None:
    assert list(islice(recalls(seed=5), 300)) == PROMPTS
    assert not set(islice(recalls(seed=6), 300)) & set(PROMPTS)


@pytest.mark.parametrize("recall", PROMPTS[:50], ids=range(50))
def test_that_the_evidence_is_the_only_place_where_the_answer_stands(recall: Recall) -> None:
    start, end = recall.evidence
    context = recall.prompt[: recall.question]

    assert context[start - 1 : start + 5] == "," + recall.answer
    assert end == start + 1
    assert [found[0] for found in heights(context)].count(recall.answer[0]) == 1


def test_that_all_heights_of_a_prompt_share_their_first_digit() -> None:
    for recall in PROMPTS:
        context = recall.prompt[: recall.question]
        assert len({found[0][0] for found in HEIGHT.finditer(context)}) == 1
        assert len(heights(context)) >= 3


def test_that_a_question_names_one_climb_of_the_context() -> None:
    for recall in PROMPTS:
        context, question = recall.prompt[: recall.question], recall.prompt[recall.question :]
        (asked,) = (climb for climb in recall.climbs if f"{climb.metres % 1000:03} m" == recall.answer)
        name = asked.team if recall.key is Key.TEAM else str(asked.year)
        assert name in question
        assert context.count(name) == 1


def test_that_no_climb_is_in_both_splits() -> None:
    trained = [climb for recall in islice(recalls(seed=5, split=Split.TRAINING), 300) for climb in recall.climbs]
    held_out = [climb for recall in PROMPTS for climb in recall.climbs]

    assert {climb.split for climb in trained} == {Split.TRAINING}
    assert {climb.split for climb in held_out} == {Split.HELD_OUT}
    assert not set(trained) & set(held_out)


def test_that_lessons_mark_the_digits_of_their_answers() -> None:
    for reached in (0.0, 0.5, 1.0):
        for lesson in islice(lessons(seed=5, stage=lambda reached=reached: reached), 100):
            assert lesson.answers
            assert all(lesson.text[start:end].isdecimal() for start, end in lesson.answers)
