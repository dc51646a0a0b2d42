"""Blocks opened: what users are given, and what is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import engine
from engine import targets
from engine.attribution.calling import plain_logits
from engine.attribution.inputs.given import inputs_of
from engine.models.text.tokens import token_label
from engine.protocol.failures import ModelError, RulesError, Stopped
from tests.engine.attribution.facts import ALL
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.test_ledger import with_random_biases

PROMPT = "In 1922 the British reached 8,320 m. The British reached 8,"


def made(family: str) -> tuple[Any, dict[str, Any]]:
    return with_random_biases(ALL[family].make()), ALL[family].given


@pytest.fixture(scope="module")
def llama() -> engine.load_model:
    return engine.load_model("bundled:llama")


@pytest.fixture(scope="module")
def trace(llama: Any) -> Iterator[engine.Trace]:
    with engine.trace(llama, PROMPT) as made:
        yield made


def test_that_numbers_below_add_up_to_the_number_above(trace: engine.Trace) -> None:
    answer = trace.explain()
    heads = trace.heads()
    for block in range(len(answer.layers) - 1):
        inside = trace.inside(block)
        attention, mlp = inside.writers
        close = {"abs": 1e-5 * answer.value}
        assert inside.input == pytest.approx(answer.layers[block], **close)
        assert inside.arrives == pytest.approx(answer.layers[block + 1], **close)
        assert inside.skip + attention.passed + mlp.passed == pytest.approx(inside.arrives, **close)
        assert inside.heads is not None and inside.heads.sum(0) == pytest.approx(attention.relevance, **close)
        assert sum(inside.neuron(n) for n in mlp.neurons) == pytest.approx(mlp.relevance, **close)
        assert heads.tokens[block] == pytest.approx(inside.heads, **close)
        assert heads.relevance[block] == pytest.approx(inside.heads.sum(1), **close)


def test_that_the_first_writer_holds_what_goes_through_the_second(trace: engine.Trace) -> None:
    (attention, mlp) = trace.inside(1).writers
    assert (attention.name, mlp.name) == ("attention", "mlp")
    assert mlp.passed == pytest.approx(mlp.relevance)
    assert abs(attention.passed.sum() - attention.relevance.sum()) > 0.01


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp", "input-x-gradient", "gamma(conv=0.25, linear=0.05)"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "deepseek_v3"])
def test_that_sources_are_a_head_by_the_tokens_it_took_from(family: str, rules: str) -> None:
    model, given = made(family)
    with engine.trace(model, rules=rules, **given) as trace:
        inside = trace.inside(1)
        assert inside.heads is not None
        for head, row in enumerate(inside.heads):
            sources, pattern = inside.sources(head), inside.pattern(head)
            assert sources.sum(1) == pytest.approx(row, abs=1e-5)
            assert pattern.sum(1) == pytest.approx(1, abs=1e-5)
            assert not np.triu(pattern, 1).any() and not np.triu(sources, 1).any()
            assert inside.sources(head, query=-1)[0] == pytest.approx(sources[-1], abs=1e-6)
            assert inside.pattern(head, query=3)[0] == pytest.approx(pattern[3], abs=1e-6)
            ways = [way.sum(1) for way in (sources.value, sources.query, sources.key) if way is not None]
            assert sources.kept + sum(ways) == pytest.approx(sources.taken, abs=1e-5)


def test_that_only_attnlrp_sends_relevance_to_queries_and_keys(llama: Any) -> None:
    for rules, parts in (("attnlrp", 3), ("cp-lrp", 1)):
        with engine.trace(llama, PROMPT, rules=rules) as trace:
            sources = trace.inside(2).sources(0)
        assert sum(way is not None for way in (sources.value, sources.query, sources.key)) == parts
        assert sources.value == pytest.approx(sources / (2 if parts == 3 else 1))


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("family", ["llama", "qwen3", "mistral", "cohere", "gpt_bigcode"])
def test_that_attention_fused_and_written_out_have_the_same_ways(family: str, attention: str) -> None:
    model = tiny(family, attn_implementation=attention)
    with engine.trace(tiny(family, attn_implementation="eager"), input_ids=IDS) as trace:
        expected = trace.inside(1).sources(2)
    with engine.trace(model, input_ids=IDS) as trace:
        found = trace.inside(1).sources(2)
    close = {"abs": 2e-5 * float(np.abs(expected).max())}
    assert found == pytest.approx(expected, **close)
    for way in ("value", "query", "key", "kept"):
        assert getattr(found, way) == pytest.approx(getattr(expected, way), **close)


def test_that_a_decoder_attends_to_itself_and_to_its_source() -> None:
    model, given = made("t5")
    with engine.trace(model, **given) as trace:
        encoder, decoder = trace.inside(0), trace.inside(0, decoder=True)
        heads = trace.heads(decoder=True)
    assert [writer.name for writer in encoder.writers] == ["attention", "mlp"]
    assert [writer.name for writer in decoder.writers] == ["attention", "cross attention", "mlp"]
    assert [writer.heads for writer in decoder.writers] == [range(4), range(4, 8), range(0)]
    assert decoder.sources(5).shape == (1, len(given["input_ids"]))
    assert heads.relevance.shape[1] == 8


@pytest.mark.parametrize(("family", "names"), [("falcon", {"attention", "mlp"}), ("gptj", {"attention", "mlp"})])
def test_that_parallel_blocks_have_two_writers(family: str, names: set[str]) -> None:
    model, given = made(family)
    with engine.trace(model, **given) as trace:
        inside = trace.inside(0)
    assert {writer.name for writer in inside.writers} == names
    for writer in inside.writers:
        assert writer.passed == pytest.approx(writer.relevance)


def test_that_experts_are_told_apart_whether_they_run_together_or_one_after_another() -> None:
    for family in ("mixtral", "dbrx"):
        model, given = made(family)
        with engine.trace(model, **given) as trace:
            inside = trace.inside(0)
            experts = inside.writers[1]
            assert experts.name == "experts" and inside.experts is not None
            width = len(experts.neurons) // len(inside.experts)
            for expert, row in enumerate(inside.experts):
                own = range(experts.neurons.start + expert * width, experts.neurons.start + (expert + 1) * width)
                assert sum(inside.neuron(n) for n in own) == pytest.approx(row, abs=1e-5)
            given_out = inside.experts.sum() + experts.constants + experts.by_others
            assert given_out == pytest.approx(experts.relevance.sum(), rel=1e-4)
            assert len(inside.experts) == 4 and abs(experts.by_others) > 1e-3


def test_that_a_block_of_state_space_has_channels_and_no_heads() -> None:
    model, given = made("mamba")
    with engine.trace(model, **given) as trace:
        inside = trace.inside(0)
        assert inside.heads is None and [writer.name for writer in inside.writers] == ["mixer"]
        assert inside.neurons(3)
        with pytest.raises(ModelError, match="no attention heads"):
            inside.sources(0)
        with pytest.raises(ModelError, match="MambaForCausalLM has no attention heads"):
            trace.heads()


def test_that_heads_of_windows_are_at_their_tokens() -> None:
    model, given = made("swin")
    with engine.trace(model, **given) as trace:
        inside = trace.inside(0)
        attention = inside.writers[0]
        assert inside.heads is not None
        of_heads = inside.heads[attention.heads.start : attention.heads.stop].sum(0)
        laid = inside._heads[0]
        by_window = laid.arranged(inside._product(laid)).sum((0, -1)).reshape(4, 4, 4, 4)  # windows by their rows
        assert of_heads.reshape(16, 16) == pytest.approx(by_window.transpose(1, 2).reshape(16, 16).numpy(), abs=1e-6)
        with pytest.raises(ModelError, match="looks into 16 windows"):
            inside.sources(0)


def test_that_neurons_say_what_their_weights_say(trace: engine.Trace, llama: Any) -> None:
    module = llama.module
    neuron = trace.neurons(k=1)[0]
    mlp = module.model.layers[neuron.block].mlp
    norm = module.model.layers[neuron.block].post_attention_layernorm.weight
    with torch.no_grad():
        raised = (module.lm_head.weight * module.model.norm.weight) @ mlp.down_proj.weight[:, neuron.index]
        read = module.model.embed_tokens.weight @ (mlp.gate_proj.weight[neuron.index] * norm)

    def words(scores: torch.Tensor) -> tuple[str, ...]:
        return tuple(token_label(llama, number)[0] for number in scores.topk(5).indices.tolist())

    assert (neuron.raises, neuron.lowers, neuron.reads) == (words(raised), words(-raised), words(read))


def test_that_no_words_are_claimed_where_the_tail_is_not_linear() -> None:
    model, given = made("camembert")
    with engine.trace(model, **given) as trace:
        neurons = trace.neurons(targets.Top(0), 5)
    assert neurons and all(not neuron.raises and not neuron.lowers for neuron in neurons)


def test_that_the_last_row_of_the_lens_is_the_prediction_bit_for_bit(trace: engine.Trace) -> None:
    rows = trace.lens(k=5)
    assert rows[-1].predictions == trace.predictions(5)
    assert rows[-1].rank == 1 and rows[-1].logit == trace.predictions(1)[0].logit
    assert [row.layer for row in rows] == list(range(len(trace.explain().layers)))
    assert rows[0].rank > 1


def test_that_the_lens_ranks_the_target_asked_for(trace: engine.Trace) -> None:
    second = trace.predictions(2)[1]
    rows = trace.lens(target=targets.Token(second.id))
    assert (rows[-1].rank, rows[-1].logit, rows[-1].probability) == (2, second.logit, second.probability)


def test_that_there_is_no_lens_where_layers_differ_in_shape() -> None:
    model, given = made("swin")
    with engine.trace(model, **given) as trace, pytest.raises(ModelError, match="differ in shape"):
        trace.lens()


def test_that_what_does_not_exist_is_named_with_what_there_is(trace: engine.Trace) -> None:
    blocks = len(trace.explain().layers) - 1
    with pytest.raises(ModelError, match=f"no block {blocks}: the blocks are 0 to {blocks - 1}"):
        trace.inside(blocks)
    with pytest.raises(ModelError, match="no head 99: its heads are 0 to"):
        trace.inside(0).sources(99)
    with pytest.raises(ModelError, match="no neuron 99999: its neurons are 0 to"):
        trace.inside(0).neuron(99_999)
    with pytest.raises(ModelError, match="no decoder"):
        trace.inside(0, decoder=True)


def test_that_a_rule_set_without_parts_says_so(llama: Any) -> None:
    with engine.trace(llama, PROMPT, rules="gradient") as trace, pytest.raises(RulesError, match="no parts"):
        trace.inside(0)


def test_that_a_block_with_a_state_of_its_own_is_refused() -> None:
    model = tiny("llama")
    block = model.model.layers[1]
    forward, calls = block.forward, []
    block.forward = lambda *args, **kwargs: forward(*args, **kwargs) * (calls.append(1) or len(calls))
    with engine.trace(model, input_ids=IDS) as trace, pytest.raises(ModelError, match="gives something else"):
        trace.inside(1)


def test_that_blocks_computed_again_have_the_same_parts() -> None:
    found = []
    for checkpointing in (False, True):
        with engine.trace(tiny("llama"), input_ids=IDS, checkpointing=checkpointing) as trace:
            found.append((trace.heads().tokens, trace.inside(1).heads, trace.neurons(k=3)))
    assert np.array_equal(found[0][0], found[1][0]) and np.array_equal(found[0][1], found[1][1])
    assert [each.index for each in found[0][2]] == [each.index for each in found[1][2]]
    assert all(np.array_equal(a.tokens, b.tokens) for a, b in zip(found[0][2], found[1][2], strict=True))


def test_that_sums_are_numbers_in_half_precision() -> None:
    model = with_random_biases(tiny("gpt2")).to(torch.bfloat16)
    with engine.trace(model, input_ids=IDS) as trace:
        inside, value = trace.inside(1), trace.explain().value
        assert inside.heads is not None and np.isfinite(inside.heads).all()
    passed = inside.skip.sum() + sum(writer.passed.sum() for writer in inside.writers) + inside.constants
    assert passed == pytest.approx(inside.arrives.sum(), abs=0.03 * abs(value))


def test_that_opening_blocks_leaves_the_model_as_it_was() -> None:
    model, given = made("gpt2")
    inputs = inputs_of(engine.load_model(model), None, given["input_ids"], None)
    before, state = plain_logits(model, inputs), copy.deepcopy(model.state_dict())
    with engine.trace(model, **given) as trace:
        trace.heads()
        trace.neurons(k=2)
        trace.lens()
        trace.inside(0).sources(0)
    assert torch.equal(plain_logits(model, inputs), before)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    assert all("forward" not in part.__dict__ for part in model.modules())


def test_that_heads_of_all_blocks_can_be_stopped(llama: Any) -> None:
    with engine.trace(llama, PROMPT) as trace, pytest.raises(Stopped):
        trace.heads(cancelled=lambda: True)


def test_that_matrices_of_long_prompts_are_pooled_by_the_largest() -> None:
    model = tiny("llama")
    model.config.max_position_embeddings = 4096
    ids = torch.arange(2500).remainder(90).tolist()
    with engine.trace(model, input_ids=ids, ledger=False) as trace:
        inside = trace.inside(0)
        sources, pattern = inside.sources(0), inside.pattern(0)
        assert inside.heads is not None
        row = inside.sources(0, query=2400)
    assert sources.shape == pattern.shape == (1250, 1250) and sources.pooled == 2
    assert sources.taken == pytest.approx(inside.heads[0], abs=1e-5)
    assert row.shape == (1, 2500) and row.sum() == pytest.approx(inside.heads[0, 2400], abs=1e-6)
    below = inside.sources(0, query=2401)
    both = np.concatenate([np.asarray(row), np.asarray(below)]).reshape(2, 1250, 2).transpose(1, 0, 2).reshape(1250, 4)
    largest = both[np.arange(1250), np.abs(both).argmax(1)]
    assert sources[1200] == pytest.approx(largest, abs=1e-7)
