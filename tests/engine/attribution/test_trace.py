"""What a trace promises, on many families."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import engine
from engine import targets
from engine.models.blocks import find_blocks
from engine.protocol.failures import ModelError, PromptError, RulesError, Stopped, TargetError
from engine.rules.table import RULE_SETS
from tests.engine.attribution.families import BIAS_FREE, FAMILIES, IDS, tiny

PROMPT = torch.tensor([IDS])


def fingerprint(model: nn.Module) -> object:
    return [
        (name, sorted(m.__dict__), len(m._forward_hooks), len(m._forward_pre_hooks), m.training)
        for name, m in model.named_modules()
    ], [(name, p.requires_grad, p.grad is None, p._version, p.data_ptr()) for name, p in model.named_parameters()]


@pytest.mark.parametrize("rules", RULE_SETS)
@pytest.mark.parametrize("family", FAMILIES)
def test_that_a_trace_leaves_the_model_as_it_was(family: str, rules: str) -> None:
    model = tiny(family)
    before = fingerprint(model)
    with torch.no_grad():
        logits = model(PROMPT, use_cache=False, logits_to_keep=1).logits
    with engine.trace(model, input_ids=IDS, rules=rules) as trace:
        assert np.array_equal(trace.logits(), logits[0, -1].numpy())
        answer = trace.explain()
        assert np.isfinite(answer.layers).all()
        assert np.abs(answer.layers).max() > 0
        assert answer.layers.shape == (len(find_blocks(model)) + 1, len(IDS))
    assert fingerprint(model) == before
    with torch.no_grad():
        assert torch.equal(model(PROMPT, use_cache=False, logits_to_keep=1).logits, logits)


@pytest.mark.parametrize(
    ("family", "attention"),
    [(f, a) for f in BIAS_FREE for a in ("eager", "sdpa") if (f, a) != ("gemma2", "sdpa")],  # it caps its attention
)
def test_that_under_cp_lrp_relevance_is_the_logit_at_every_layer(family: str, attention: str) -> None:
    answer = engine.trace(tiny(family, attn_implementation=attention), input_ids=IDS, rules="cp-lrp").explain()
    assert answer.input.sum() == pytest.approx(answer.value, rel=1e-5)
    for layer in answer.layers:
        assert layer.sum() == pytest.approx(answer.value, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("rules", RULE_SETS)
@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt2", "opt", "phi3"])
def test_that_half_precision_has_no_nan_even_at_zero(family: str, rules: str, dtype: torch.dtype) -> None:
    model = tiny(family, dtype)
    for name, parameter in model.named_parameters():
        if any(part in name for part in ("gate", "fc1", "c_fc")):  # every activation's input is exactly 0
            parameter.data.zero_()
    answer = engine.trace(model, input_ids=IDS, rules=rules).explain()
    assert np.isfinite(answer.input).all()
    assert np.isfinite(answer.layers).all()


@pytest.mark.parametrize("rules", RULE_SETS)
@pytest.mark.parametrize("family", ["llama", "gemma3_text", "gpt2", "gpt_neox"])
def test_that_checkpointing_changes_nothing(family: str, rules: str) -> None:
    model = tiny(family)
    wanted = [targets.Top(), targets.Token(11)]
    plain = engine.trace(model, input_ids=IDS, rules=rules)
    light = engine.trace(model, input_ids=IDS, rules=rules, checkpointing=True).explain_many(wanted)
    for one, other in zip([plain.explain(target) for target in wanted], light, strict=True):
        assert np.array_equal(one.layers, other.layers)
        assert np.array_equal(one.input, other.input)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("rules", RULE_SETS)
def test_that_many_targets_at_once_are_each_alone(family: str, rules: str) -> None:
    trace = engine.trace(tiny(family), input_ids=IDS, rules=rules)
    wanted = [targets.Top(), targets.Token(3), targets.Token(9, 4), targets.Contrast(3, 9), targets.Contrast(3)]
    for target, answer in zip(wanted, trace.explain_many(wanted), strict=True):
        alone = trace.explain(target)
        assert answer.value == alone.value
        np.testing.assert_allclose(answer.layers, alone.layers, rtol=1e-4, atol=1e-5 * np.abs(alone.layers).max())


def test_that_activations_without_a_closed_form_go_back_together() -> None:
    model = tiny("bloom")  # a GELU written out, with a gradient of its own
    wanted = [targets.Token(1), targets.Token(2)]
    with engine.trace(model, input_ids=IDS) as trace:
        together = trace.explain_many(wanted)
        for target, answer in zip(wanted, together, strict=True):
            assert np.allclose(answer.layers, trace.explain(target).layers, rtol=1e-5, atol=1e-7)


def test_that_a_target_is_the_sum_of_its_logits() -> None:
    trace = engine.trace(tiny("llama"), input_ids=IDS)
    last, fifth = trace.logits(), trace.logits(5)
    assert trace.explain(targets.Top()).value == pytest.approx(last.max())
    assert trace.explain(targets.Token(4, 5)).value == pytest.approx(fifth[4], rel=1e-6)
    assert trace.explain(targets.Contrast(4, 7)).value == pytest.approx(last[4] - last[7], rel=1e-5)
    others = (last.sum() - last[4]) / len(last)
    assert trace.explain(targets.Contrast(4)).value == pytest.approx(last[4] - others, rel=1e-5)
    both = trace.explain(targets.Sum((targets.Token(4), targets.Token(7, 5))))
    assert both.value == pytest.approx(last[4] + fifth[7], rel=1e-5)
    assert both.target.position == len(IDS) - 1


def test_that_relevance_is_linear_in_the_target() -> None:
    trace = engine.trace(tiny("gpt2"), input_ids=IDS)
    one, other, contrast = trace.explain_many([targets.Token(4), targets.Token(7), targets.Contrast(4, 7)])
    np.testing.assert_allclose(contrast.layers, one.layers - other.layers, atol=1e-5 * np.abs(one.layers).max())


def test_that_logits_at_any_position_are_the_models_own() -> None:
    model = tiny("gemma2")
    with torch.no_grad():
        logits = model(PROMPT, use_cache=False).logits[0]
    trace = engine.trace(model, input_ids=IDS)
    for position in (0, 7, len(IDS) - 1, -2):
        np.testing.assert_allclose(trace.logits(position), logits[position].numpy(), atol=1e-5)


def test_that_relevance_does_not_come_from_the_future() -> None:
    answer = engine.trace(tiny("llama"), input_ids=IDS).explain(targets.Top(position=6))
    assert answer.target.position == 6
    assert not answer.layers[:, 7:].any()
    assert answer.layers[:, :7].any()


def test_that_predictions_are_the_softmax_in_order() -> None:
    trace = engine.trace(tiny("llama"), input_ids=IDS)
    predictions = trace.predictions(k=96)
    assert sum(p.probability for p in predictions) == pytest.approx(1, rel=1e-5)
    assert [p.logit for p in predictions] == sorted((p.logit for p in predictions), reverse=True)
    assert predictions[0].id == int(trace.logits().argmax())


@pytest.mark.parametrize("checkpointing", [False, True])
def test_that_progress_counts_blocks_forward_and_backward(checkpointing: bool) -> None:
    heard: list[tuple[str, int, int]] = []
    trace = engine.trace(
        tiny("llama"), input_ids=IDS, checkpointing=checkpointing, progress=lambda *step: heard.append(step)
    )
    trace.explain(progress=lambda *step: heard.append(step))
    assert heard == [("forward", i, 3) for i in range(4)] + [("backward", i, 3) for i in range(4)]


@pytest.mark.parametrize("after", range(4))
def test_that_a_run_stops_between_blocks_and_leaves_no_trace(after: int) -> None:
    model = tiny("llama")
    before = fingerprint(model)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > after

    with pytest.raises(Stopped):
        engine.trace(model, input_ids=IDS, cancelled=cancelled)
    assert len(asked) == after + 1
    assert fingerprint(model) == before
    trace = engine.trace(model, input_ids=IDS)
    asked.clear()
    with pytest.raises(Stopped):
        trace.explain(cancelled=cancelled)
    assert fingerprint(model) == before
    fresh = engine.trace(model, input_ids=IDS).explain()
    assert np.array_equal(trace.explain().layers, fresh.layers)


def test_that_a_model_in_training_is_explained_as_in_use_and_goes_on_training() -> None:
    model = tiny("gpt2")
    answer = engine.trace(model, input_ids=IDS).explain()
    model.train()
    model.transformer.h[1].eval()  # a part that the person froze
    before = fingerprint(model)
    assert np.array_equal(engine.trace(model, input_ids=IDS).explain().layers, answer.layers)
    assert fingerprint(model) == before


def test_that_a_second_model_is_never_touched() -> None:
    model, other = tiny("llama"), tiny("llama")
    before = fingerprint(other)
    plain = engine.trace(other, input_ids=IDS, rules="gradient").explain().layers
    with engine.RULE_SETS["attnlrp"].on(model):
        engine.trace(model, input_ids=IDS, rules="cp-lrp").explain()
        assert np.array_equal(engine.trace(other, input_ids=IDS, rules="gradient").explain().layers, plain)
    assert fingerprint(other) == before


def test_that_a_closed_trace_gives_its_memory_back() -> None:
    trace = engine.trace(tiny("llama"), input_ids=IDS)
    trace.explain()
    held = weakref.ref(trace._recording.layers[1])
    trace.close()
    assert held() is None
    with pytest.raises(ValueError, match="closed"):
        trace.explain()


def test_that_forgetting_a_trace_is_closing_it() -> None:
    trace = engine.trace(tiny("llama"), input_ids=IDS)
    trace.explain_many([targets.Top(), targets.Token(4)])
    held = weakref.ref(trace._recording.layers[1])
    del trace
    gc.collect()
    assert held() is None


@pytest.mark.parametrize("given", [tuple(IDS), np.array(IDS), torch.tensor(IDS), torch.tensor([IDS]), [IDS]])
def test_that_ids_are_taken_as_tokenizers_give_them(given: object) -> None:
    answer = engine.trace(tiny("llama"), input_ids=given).explain()
    assert [token.id for token in answer.tokens] == IDS


@pytest.mark.parametrize("given", [[5, 96], [-1], [[5, 6], [7, 8]], [0.5], ["a"], 5])
def test_that_ids_that_are_none_are_refused(given: object) -> None:
    with pytest.raises(PromptError, match=r"input_ids are|no token"):
        engine.trace(tiny("llama"), input_ids=given)


def test_that_what_cannot_be_done_is_said() -> None:
    model = tiny("llama")
    with pytest.raises(PromptError, match="empty"):
        engine.trace(model, input_ids=[])
    with pytest.raises(PromptError, match="nothing to explain"):
        engine.trace(model)
    with pytest.raises(PromptError, match="65 tokens"):
        engine.trace(model, input_ids=[1] * 65)
    with pytest.raises(RulesError, match="attnlrp, cp-lrp"):
        engine.trace(model, input_ids=IDS, rules="deeplift")
    trace = engine.trace(model, input_ids=IDS)
    with pytest.raises(TargetError, match="no position 16"):
        trace.explain(targets.Top(position=16))
    with pytest.raises(TargetError, match="no position 16"):
        trace.predictions(position=16)
    with pytest.raises(TargetError, match=r"engine\.targets"):
        trace.explain("3")
    with pytest.raises(TargetError, match="96"):
        trace.explain(targets.Token(96))
    with pytest.raises(TargetError, match="at least one"):
        trace.explain(targets.Sum(()))
    with pytest.raises(ModelError, match="blocks"):
        engine.trace(nn.Linear(2, 2), input_ids=IDS)


class Unrelated(nn.Module):
    """Two blocks, an embedding, and logits that come from neither."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return torch.zeros(*ids.shape, 10)


class Related(Unrelated):
    """A module that knows nothing of transformers."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids)
        for block in self.blocks:
            x = x + block(torch.relu(x))
        return x @ self.embedding.weight.T


def test_that_a_bare_module_is_explained_and_one_without_a_path_says_so() -> None:
    torch.manual_seed(0)
    answer = engine.trace(Related(), input_ids=[1, 2, 3], rules="cp-lrp").explain(targets.Token(4, 1))
    assert answer.layers.shape == (3, 3)
    assert not answer.layers[:, [0, 2]].any()
    with pytest.raises(ModelError, match="no path leads"):
        engine.trace(Unrelated(), input_ids=[1, 2, 3])
