"""Generated text: greedy, as the model goes on by itself, with exact places, and explained token by token."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import engine
from engine import targets
from engine.models.opening import Model, load_model
from engine.protocol.failures import ModelError, PromptError, Stopped, TargetError
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.test_trace import Related, fingerprint

PROMPT = "In 1922 the British reached 8,320 m. In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"


@pytest.fixture(scope="module")
def llama() -> Model:
    return load_model("bundled:llama")


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "qwen3", "bloom"])
def test_that_each_generated_token_is_the_likeliest_and_the_model_stays_as_it_was(family: str) -> None:
    model = tiny(family)
    before = fingerprint(model)
    generation = engine.generate(model, input_ids=IDS, max_new_tokens=5)
    assert fingerprint(model) == before
    ids = [token.id for token in generation.tokens]
    assert ids[: len(IDS)] == IDS
    with torch.no_grad():
        likeliest = model(torch.tensor([ids]), use_cache=False).logits[0].argmax(-1).tolist()
    assert ids[generation.start :] == likeliest[generation.start - 1 : -1]


def test_that_generated_tokens_are_marked_and_lie_where_they_say(llama: Model) -> None:
    generation = engine.generate(llama, PROMPT, 8)
    assert generation.answer.startswith("595 m")
    assert generation.text == PROMPT + generation.answer
    assert [token.generated for token in generation.tokens].index(True) == generation.start
    assert all(generation.text[token.start : token.end] == token.text for token in generation.tokens)
    assert "".join(token.text for token in generation.tokens) == generation.text


def test_that_generating_twice_is_generating_at_once(llama: Model) -> None:
    once = engine.generate(llama, PROMPT, 6)
    first = engine.generate(llama, PROMPT, 2)
    again = engine.generate(llama, first.text, 4, continuation=first.continuation)
    assert (again.text, again.tokens, again.continuation) == (once.text, once.tokens, once.continuation)


def test_that_a_trace_of_text_and_ids_is_a_trace_of_what_was_generated(llama: Model) -> None:
    generation = engine.generate(llama, PROMPT, 5)
    told = engine.trace(llama, generation.text, continuation=generation.continuation)
    assert told.tokens == engine.trace(llama, generation).tokens == generation.tokens


def test_that_the_end_of_text_stops_the_answer_and_is_no_part_of_it() -> None:
    model = tiny("llama")
    said = engine.generate(model, input_ids=IDS, max_new_tokens=4)
    assert not said.ended
    third = said.tokens[said.start + 2].id
    assert third not in [token.id for token in said.tokens[said.start : said.start + 2]]
    model.generation_config.eos_token_id = [third]
    short = engine.generate(model, input_ids=IDS, max_new_tokens=4)
    assert short.ended
    assert short.tokens == said.tokens[: said.start + 2]


def test_that_generating_tells_of_each_token_and_stops_at_a_block() -> None:
    model = tiny("llama")
    before = fingerprint(model)
    heard: list[tuple[str, int, int]] = []
    engine.generate(model, input_ids=IDS, max_new_tokens=3, progress=lambda *step: heard.append(step))
    assert heard == [("generate", i, 3) for i in (1, 2, 3)]
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 4  # in the second token, of three blocks each

    with pytest.raises(Stopped):
        engine.generate(model, input_ids=IDS, max_new_tokens=3, cancelled=cancelled)
    assert len(asked) == 5
    assert fingerprint(model) == before


def test_that_a_full_prompt_and_a_model_that_cannot_go_on_say_so() -> None:
    with pytest.raises(PromptError, match="no room"):
        engine.generate(tiny("llama"), input_ids=[5] * 64)
    assert len(engine.generate(tiny("llama"), input_ids=[5] * 62, max_new_tokens=9).tokens) == 64
    with pytest.raises(PromptError, match="At least one"):
        engine.generate(tiny("llama"), input_ids=IDS, max_new_tokens=0)
    with pytest.raises(PromptError, match="empty"):
        engine.generate(tiny("llama"), input_ids=[])
    with pytest.raises(ModelError, match="cannot generate"):
        engine.generate(Related(), input_ids=[1, 2, 3])


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_a_row_of_the_matrix_is_its_token_explained_alone(rules: str) -> None:
    model = tiny("llama")
    generation = engine.generate(model, input_ids=IDS, max_new_tokens=11)  # more than one batch
    trace = engine.trace(model, generation, rules=rules)
    heard: list[tuple[str, int, int]] = []
    found = engine.matrix(trace, lambda *step: heard.append(step))
    assert found.rows.shape == (11, len(IDS) + 11)
    assert heard == [("matrix", 8, 11), ("matrix", 11, 11)]
    for i in range(11):
        place = found.start + i
        alone = trace.explain(targets.Token(generation.tokens[place].id, place - 1))
        assert found.values[i] == pytest.approx(alone.value)
        np.testing.assert_allclose(found.rows[i], alone.input, rtol=1e-4, atol=1e-5 * np.abs(alone.input).max())
        assert not found.rows[i, place:].any()
        assert found.rows[i, :place].any()
    if rules == "cp-lrp":
        np.testing.assert_allclose(found.rows.sum(1), found.values, rtol=1e-4)


def test_that_without_generated_tokens_there_is_no_matrix() -> None:
    with pytest.raises(TargetError, match="generated"):
        engine.matrix(engine.trace(tiny("llama"), input_ids=IDS))


def test_that_a_span_is_the_sum_of_its_tokens_where_they_were_said() -> None:
    model = tiny("llama")
    generation = engine.generate(model, input_ids=IDS, max_new_tokens=4)
    trace = engine.trace(model, generation)
    span = targets.span(trace.tokens, generation.start, len(trace.tokens))
    found = engine.matrix(trace)
    answer = trace.explain(span)
    assert answer.value == pytest.approx(found.values.sum(), rel=1e-5)
    np.testing.assert_allclose(answer.input, found.rows.sum(0), atol=1e-4 * np.abs(answer.input).max())
    for start, end in ((0, 2), (3, 3), (2, len(trace.tokens) + 1)):
        with pytest.raises(ValueError, match="no span"):
            targets.span(trace.tokens, start, end)
