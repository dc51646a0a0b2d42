"""Generated text: greedy, as the model goes on by itself, with exact places, and explained token by token."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, EncoderDecoderConfig, EncoderDecoderModel, LlamaConfig, LlamaForCausalLM

import engine
from engine import targets
from engine.models.opening import Model, load_model
from engine.protocol.failures import ModelError, PromptError, Stopped, TargetError
from engine.protocol.inputs import ForDecoder, Text
from engine.protocol.messages import Explain, Explained, Generate, Generated, Tokenize, Tokenized
from engine.protocol.values import Continuation, ModelSource
from engine.session import Session
from engine.watch import Watch
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.kinds import TEXTS, made
from tests.engine.attribution.test_trace import Related, fingerprint
from tests.engine.models.made_tokenizers import make

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


def likeliest(model: nn.Module, ids: list[int], said: list[int], start: int | None = None) -> list[int]:
    """What the model would say at each place of `said`, by its logits alone; in its decoder where that has a start."""
    with torch.no_grad():
        if start is None:
            logits = model(torch.tensor([ids + said]), use_cache=False).logits[0, len(ids) - 1 :]
        else:
            begun = torch.tensor([[start, *said]])
            logits = model(torch.tensor([ids]), decoder_input_ids=begun, use_cache=False).logits[0]
    return logits.argmax(-1).tolist()[: len(said)]


EVEN = {"num_decoder_layers": 2}  # transformers makes a T5's cache for as many as the encoder's
SETTINGS: list[dict[str, Any]] = [
    {"suppress_tokens": [*range(90)]},
    {"begin_suppress_tokens": [*range(90)]},
    {"bad_words_ids": [[i] for i in range(90)]},
    {"forced_bos_token_id": 7, "forced_eos_token_id": 9},
    {"repetition_penalty": 9.0, "no_repeat_ngram_size": 1},
    {"encoder_repetition_penalty": 9.0, "encoder_no_repeat_ngram_size": 1},
    {"sequence_bias": [[[7], 1000.0]]},
    {"guidance_scale": 9.0},
    {"max_time": 0.0},
    {"num_beams": 3, "num_return_sequences": 3, "length_penalty": 9.0},
    {"do_sample": True, "temperature": 9.0, "top_k": 3},
    {"stop_strings": ["a"]},
    {"return_dict_in_generate": True, "output_scores": True, "output_logits": True},
    {"min_length": 60, "min_new_tokens": 60, "exponential_decay_length_penalty": (1, 9.0)},
    {"max_length": 3},
    {"watermarking_config": {"bias": 9.0}},
    {"prompt_lookup_num_tokens": 2},
    {"penalty_alpha": 0.6, "top_k": 4},
    {"cache_implementation": "static"},
    {"use_cache": False, "output_attentions": True, "output_hidden_states": True},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: next(iter(settings)))
@pytest.mark.parametrize("architecture", ["llama", "T5ForConditionalGeneration"])
def test_that_a_models_own_settings_make_it_say_nothing_else(architecture: str, settings: dict[str, Any]) -> None:
    encodes = architecture.startswith("T5")
    model: Any = made(architecture, **EVEN) if encodes else tiny(architecture)
    for name, value in settings.items():
        setattr(model.generation_config, name, value)
    before, kept = fingerprint(model), model.generation_config
    generation = engine.generate(model, input_ids=IDS, max_new_tokens=4)
    said = [token.id for token in generation.tokens[generation.start :]]
    assert len(said) == 4 and said == likeliest(model, IDS, said, 0 if encodes else None)
    assert fingerprint(model) == before and model.generation_config is kept
    assert {name: getattr(kept, name) for name in settings} == settings


@pytest.mark.parametrize(
    "architecture", ["T5ForConditionalGeneration", "BartForConditionalGeneration", "MarianMTModel"]
)
def test_that_an_encoder_decoder_says_its_answer_in_its_decoder(architecture: str) -> None:
    model: Any = made(architecture, **(EVEN if architecture.startswith("T5") else {}))
    start = 0 if architecture.startswith("T5") else 2
    model.generation_config.eos_token_id = 1_000  # which it cannot say
    heard: list[tuple[str, int, int]] = []
    generation = engine.generate(model, input_ids=IDS, max_new_tokens=4, progress=lambda *step: heard.append(step))
    said = [token.id for token in generation.tokens[generation.start :]]
    assert [token.id for token in generation.tokens[: generation.start]] == IDS
    assert said == likeliest(model, IDS, said, start) and heard == [("generate", i, 4) for i in (1, 2, 3, 4)]
    trace = engine.trace(model, generation)
    assert [token.id for token in trace.tokens] == IDS
    answer = trace.explain(targets.Token(said[-1], len(said) - 1))
    assert [token.id for token in answer.decoder.tokens] == [start, *said]
    with pytest.raises(TargetError, match=r"says its answer in its decoder"):
        engine.matrix(trace)


def test_that_an_encoder_decoder_goes_on_from_what_it_said() -> None:
    tokenizer = make("bert")
    model = load_model(made("T5ForConditionalGeneration", vocab_size=len(tokenizer), **EVEN), tokenizer=tokenizer)
    once = engine.generate(model, "the hat", 5)
    first = engine.generate(model, "the hat", 2)
    again = engine.generate(model, first.text, 3, continuation=first.continuation)
    ids = [token.id for token in once.tokens]
    assert len(ids) == once.start + 5 and [token.id for token in again.tokens] == ids
    told = engine.trace(model, once.text, continuation=once.continuation)
    assert told.explain().decoder.tokens == engine.trace(model, once).explain().decoder.tokens


def test_that_a_session_lets_a_decoder_answer_and_explains_what_it_said_first() -> None:
    tokenizer = make("bert")
    model = load_model(made("T5ForConditionalGeneration", vocab_size=len(tokenizer), **EVEN), tokenizer=tokenizer)
    session, source = Session(lambda source, **_: model), ModelSource("made")
    once = engine.generate(model, "the team", 4)
    answer = session.answer(Generate(source, Text("the team"), 4), Watch())
    assert isinstance(answer, Generated) and isinstance(answer.input, ForDecoder)
    ids = tuple(token.id for token in once.tokens[once.start :])
    assert answer.input == ForDecoder("the team", once.answer.strip(), None, Continuation(0, ids))
    assert answer.answer == once.answer.strip()
    explained = session.answer(Explain(source, answer.input), Watch())
    assert isinstance(explained, Explained) and explained.relevance.decoder is not None
    tokens = explained.relevance.decoder.tokens
    assert explained.relevance.decoder.text == answer.answer == "".join(token.text for token in tokens)
    assert [(token.special, token.generated) for token in tokens] == [(True, False), *[(False, True)] * 4]
    counted = session.answer(Tokenize(source, answer.input), Watch())
    assert counted == Tokenized(explained.relevance.tokens, tokens)
    assert (answer.first, answer.position) == (once.tokens[once.start].id, 1)
    begun = ForDecoder("the team", "the top")
    more = session.answer(Generate(source, begun, 3), Watch())
    assert isinstance(more, Generated) and more.answer.startswith("the top") and more.first is not None
    assert isinstance(more.input, ForDecoder) and more.input.begun == "the top"
    again = session.answer(Generate(source, more.input, 3), Watch())
    assert isinstance(again, Generated) and again.position == more.position + 3
    assert again.input == session.answer(Generate(source, begun, 6), Watch()).input
    count = len(tokenizer("the top", add_special_tokens=False)["input_ids"])
    with engine.trace(model, "the team", decoder_text="the top") as trace:
        likeliest_next = trace.predictions(k=1, position=-1)[0]
        assert trace.explain(targets.Token(more.first, more.position - 1)).value == pytest.approx(likeliest_next.logit)
    assert more.first == likeliest_next.id and more.position >= 1 + count


def test_that_a_decoder_starts_where_any_of_its_settings_say() -> None:
    sizes = {**TEXTS["BertForMaskedLM"][1], "bos_token_id": None}
    torch.manual_seed(3)
    decoder = BertConfig(**sizes, is_decoder=True, add_cross_attention=True)
    model = EncoderDecoderModel(EncoderDecoderConfig.from_encoder_decoder_configs(BertConfig(**sizes), decoder)).eval()
    with pytest.raises(PromptError, match="names no token that its decoder starts from"):
        engine.generate(model, input_ids=IDS, max_new_tokens=3)
    model.config.decoder_start_token_id = 5
    generation = engine.generate(model, input_ids=IDS, max_new_tokens=3)
    said = [token.id for token in generation.tokens[generation.start :]]
    assert said and said == likeliest(model, IDS, said, 5)


def said(model: Any, **how: Any) -> list[int]:
    generation = engine.generate(model, input_ids=IDS, **how)
    return [token.id for token in generation.tokens[generation.start :]]


@pytest.mark.parametrize("architecture", ["llama", "T5ForConditionalGeneration"])
def test_that_tokens_are_drawn_by_the_seed_and_other_random_numbers_go_on_as_before(architecture: str) -> None:
    model: Any = made(architecture, **EVEN) if architecture.startswith("T5") else tiny(architecture)
    model.generation_config.update(top_k=3, top_p=0.1, eos_token_id=1_000, repetition_penalty=9.0)  # none of it is done
    greedy = said(model, max_new_tokens=40)
    random = torch.get_rng_state()
    drawn = [said(model, max_new_tokens=40, temperature=100.0, seed=seed) for seed in (0, 1, 1)]
    assert torch.equal(torch.get_rng_state(), random)
    assert drawn[0] != drawn[1] == drawn[2] != greedy
    with torch.no_grad():
        ids = torch.tensor([IDS + drawn[0]])
        given = {"decoder_input_ids": torch.tensor([[0, *drawn[0]]])} if architecture.startswith("T5") else {}
        logits = model(ids if not given else ids[:, : len(IDS)], use_cache=False, **given).logits[0]
    logits = logits if given else logits[len(IDS) - 1 :]
    ranks = [int((row > row[token]).sum()) for row, token in zip(logits, drawn[0], strict=False)]
    assert max(ranks) > 50  # of nearly as many chances for each token none is left out


def test_that_nothing_is_drawn_at_temperature_0_and_nearly_nothing_next_to_it(llama: Model) -> None:
    once = engine.generate(llama, PROMPT, 6)
    assert engine.generate(llama, PROMPT, 6, temperature=0.0, seed=7) == once
    assert engine.generate(llama, PROMPT, 6, temperature=0.01, seed=7) == once


@pytest.mark.parametrize("wrong", [{"temperature": -1.0}, {"temperature": 0.001}, {"temperature": 101.0}, {"seed": -1}])
def test_that_a_wrong_temperature_or_seed_is_refused(llama: Model, wrong: dict[str, Any]) -> None:
    with pytest.raises(PromptError, match=r"A temperature is 0, or from 0.01 to 100|A seed is a number from 0"):
        engine.generate(llama, PROMPT, 6, **wrong)


def test_that_an_answer_stops_behind_its_first_line_that_says_something() -> None:
    tokenizer = make("gpt2")
    lines = tokenizer("\n a hat\n the", add_special_tokens=False)["input_ids"]
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    module = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), eos_token_id=None, **sizes)).eval()
    says = cycle(lines)

    def say(module: nn.Module, args: Any, output: Any) -> None:
        output.logits[0, -1, next(says)] = 1e4

    module.register_forward_hook(say)
    model = load_model(module, tokenizer=tokenizer)
    assert engine.generate(model, "the hat", len(lines)).answer == "\n a hat\n the"
    says = cycle(lines)
    first = engine.generate(model, "the hat", len(lines), stop_at_line=True)
    assert first.answer == "\n a hat\n" and not first.ended


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
        return len(asked) > 1  # in the first token, of three blocks

    with pytest.raises(Stopped):
        engine.generate(model, input_ids=IDS, max_new_tokens=3, cancelled=cancelled)
    assert len(asked) == 2
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


@pytest.mark.parametrize("tokens", [1, 2])
def test_that_what_was_said_before_it_was_stopped_is_the_answer(tokens: int) -> None:
    model = tiny("llama")
    heard: list[int] = []
    said = engine.generate(
        model,
        input_ids=IDS,
        max_new_tokens=5,
        progress=lambda phase, done, total: heard.append(done),
        cancelled=lambda: len(heard) >= tokens,
    )
    whole = engine.generate(model, input_ids=IDS, max_new_tokens=5)
    assert not said.ended
    assert len(said.tokens) == said.start + tokens
    assert said.tokens == whole.tokens[: len(said.tokens)]
