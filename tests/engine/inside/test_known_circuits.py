"""What blocks hold, on models whose circuits are known."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import targets
from tests.engine.inside.induction import (
    BEFORE,
    CONJUNCTION,
    NOW,
    SAYS,
    conjunction_model,
    induction_model,
)

PROMPT = [0, 4, 9, 2, 6, 1, 4]  # after 4 came 9, at position 2; the first token looks at itself
SAID = targets.Token(9)


@pytest.fixture(scope="module", params=[2.0, 6.0])
def induction(request: pytest.FixtureRequest) -> object:
    return induction_model(request.param)


def weight_and_score(trace: engine.Trace) -> tuple[float, float]:
    """The induction head's weight at its source, and its score there above that at other tokens."""
    weights = trace.inside(1, SAID).pattern(1)[-1]
    return float(weights[2]), float(np.log(weights[2] / weights[3]))


def test_that_the_two_heads_and_no_other_hold_the_relevance(induction: object) -> None:
    with engine.trace(induction, input_ids=PROMPT) as trace:
        value = trace.explain(SAID).value
        weight, score = weight_and_score(trace)
        heads = trace.heads(SAID).relevance
    expected = np.array([[score * (1 - weight) / 4, 0], [0, 1]]) * value
    assert heads == pytest.approx(expected, abs=1e-5 * value)


def test_that_cp_lrp_gives_nothing_to_the_head_that_only_says_where_to_look(induction: object) -> None:
    with engine.trace(induction, input_ids=PROMPT, rules="cp-lrp") as trace:
        value = trace.explain(SAID).value
        heads = trace.heads(SAID).relevance
    assert heads == pytest.approx(np.array([[0, 0], [0, 1]]) * value, abs=1e-5 * value)
    assert heads[0, 0] == 0


def test_that_sources_point_where_they_must(induction: object) -> None:
    with engine.trace(induction, input_ids=PROMPT) as trace:
        value = trace.explain(SAID).value
        weight, score = weight_and_score(trace)
        said, before = trace.inside(1, SAID).sources(1), trace.inside(0, SAID).sources(0)
    by_scores = score * (1 - weight) / 4 * value
    close = {"abs": 1e-5 * value}
    assert said[-1] == pytest.approx([0, 0, value, 0, 0, 0, 0], **close)
    assert said.value[-1] == pytest.approx([0, 0, value / 2, 0, 0, 0, 0], **close)
    assert said.query is not None and said.key is not None
    assert said.query[-1].sum() == pytest.approx(by_scores, **close)
    assert said.key[-1] == pytest.approx([0, 0, by_scores, 0, 0, 0, 0], **close)
    assert said.kept[-1] == pytest.approx(value / 2 - 2 * by_scores, **close)
    assert before[2] == pytest.approx([0, by_scores, 0, 0, 0, 0, 0], **close)


def test_that_the_neuron_of_the_conjunction_leads() -> None:
    model = conjunction_model()
    with engine.trace(model, input_ids=[1, BEFORE, NOW]) as trace:
        answer = trace.explain(targets.Token(SAYS))
        leading, *others = trace.neurons(targets.Token(SAYS), 4)
        inside = trace.inside(1, targets.Token(SAYS))
    assert (leading.block, leading.index, leading.position) == (1, CONJUNCTION, 2)
    assert leading.relevance == pytest.approx(answer.value, rel=1e-5)
    assert sum(abs(other.relevance) for other in others) == pytest.approx(0, abs=1e-5 * answer.value)
    assert inside.neuron(CONJUNCTION) == pytest.approx([0, 0, answer.value], abs=1e-5 * answer.value)


@pytest.mark.parametrize("prompt", [[1, BEFORE, 2], [1, 2, NOW]])
def test_that_the_neuron_of_the_conjunction_rests_where_one_of_both_is_missing(prompt: list[int]) -> None:
    with engine.trace(conjunction_model(), input_ids=prompt) as trace:
        found = trace.inside(1, targets.Token(NOW)).neurons(8)
    assert CONJUNCTION not in [neuron.index for neuron in found]
