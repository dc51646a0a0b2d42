"""What a model changes in itself while it runs is taken back; what a caller's hooks keep of it is the caller's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import BigBirdConfig, BigBirdForSequenceClassification

import engine
from engine.attribution.recording import under
from engine.protocol.failures import ModelError
from engine.rules.table import ATTNLRP
from tests.engine.attribution.families import tiny
from tests.engine.attribution.kinds import IDS, TEXTS, made


class Remembering(nn.Module):
    """Keeps what it gave, as a recurrent model keeps its state."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.state = x * x
        return self.state


@pytest.fixture
def x() -> Tensor:
    return torch.arange(1.0, 5.0).requires_grad_()


def test_that_what_a_module_remembers_is_forgotten_after_a_trace(x: Tensor) -> None:
    module = Remembering()
    with under(ATTNLRP, module):
        y = module(x)
    assert y.requires_grad
    assert module.state is None


def test_that_what_a_module_remembered_before_is_left_alone(x: Tensor) -> None:
    remembered = (module := Remembering())(x)
    with under(ATTNLRP, module):
        pass
    assert module.state is remembered and remembered.requires_grad


def test_that_under_bare_rules_what_a_hook_keeps_has_its_gradient(x: Tensor) -> None:
    module = Remembering()
    with ATTNLRP.on(module):
        y = module(x)
    assert module.state is not None
    module.state.retain_grad()
    y.sum().backward()
    assert torch.equal(module.state.grad, torch.ones(4))


class Changing(nn.Module):
    """A classifier that changes itself in every way there is, and whose answer shows it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.trunk: Any = made("BertForSequenceClassification").bert
        self.config = self.trunk.config
        self.head = nn.Linear(32, 3)
        self.norm = nn.BatchNorm1d(32)
        self.register_buffer("balance", torch.zeros(3))
        self.register_buffer("replaced", torch.zeros(3))
        self.mode = "long"
        self.calls = 0

    def forward(self, input_ids: Tensor) -> Tensor:
        self.calls += 1
        self.newly = input_ids
        self.mode = "short"
        self.config.layer_norm_eps += 0.125
        self.norm.train()
        vectors = self.norm(self.trunk(input_ids)[0][0])
        self.norm.eval()
        with torch.no_grad():
            self.balance.add_(1.0)
            self.replaced = self.replaced + 1.0
        if self.calls == 1:
            self.head = nn.Sequential(self.head)
        found: Tensor = self.head(vectors.mean(0, keepdim=True))
        return found + self.balance + self.replaced + self.config.layer_norm_eps + self.calls


def state_of(model: Changing) -> dict[str, Any]:
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return {
        **kept,
        "calls": model.calls,
        "mode": model.mode,
        "eps": model.config.layer_norm_eps,
        "parts": [*model.modules()],
    }


def test_that_whatever_a_model_changes_in_itself_is_taken_back() -> None:
    model = Changing().eval()
    before = state_of(model)
    with engine.trace(model, input_ids=IDS) as trace:
        first, logits = trace.explain(), trace.logits()
    after = state_of(model)
    assert before.keys() == after.keys() and not hasattr(model, "newly")
    for name, value in before.items():
        assert torch.equal(value, after[name]) if isinstance(value, Tensor) else value == after[name], name
    with engine.trace(model, input_ids=IDS) as trace:
        assert np.array_equal(trace.logits(), logits)
        assert np.array_equal(trace.explain().layers, first.layers)


def test_that_it_is_taken_back_when_the_model_fails_too() -> None:
    model = Changing().eval()
    model.head = nn.Linear(7, 3)
    before = state_of(model)
    with pytest.raises(ModelError, match="cannot run"):
        engine.trace(model, input_ids=IDS)
    assert (model.calls, model.mode, [*model.modules()]) == (0, "long", before["parts"])
    assert torch.equal(model.balance, torch.zeros(3))


def big_bird() -> nn.Module:
    torch.manual_seed(3)
    sizes = {**TEXTS["BertForSequenceClassification"][1], "max_position_embeddings": 256}
    return BigBirdForSequenceClassification(BigBirdConfig(**sizes, block_size=4, num_random_blocks=1)).eval()


def test_that_a_short_prompt_leaves_the_next_ones_attention_alone() -> None:
    model, fresh, long = big_bird(), big_bird(), IDS * 6
    expected = engine.trace(fresh, input_ids=long).explain()
    engine.trace(model, input_ids=IDS).explain()
    assert np.array_equal(engine.trace(model, input_ids=long).explain().layers, expected.layers)
    assert model.bert.attention_type == "block_sparse"


@pytest.mark.parametrize("length", [1, 6])
def test_that_what_is_computed_again_is_computed_as_it_was(length: int) -> None:
    plain, light = (
        engine.trace(big_bird(), input_ids=IDS * length, checkpointing=light).explain() for light in (False, True)
    )
    assert np.array_equal(plain.layers, light.layers)


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_what_a_model_pads_its_prompt_with_is_no_token_and_the_ledger_has_it(rules: str) -> None:
    ids = (IDS * 20)[:86]
    answer = engine.trace(big_bird().double(), input_ids=ids, rules=rules).explain()
    assert answer.input.shape == (86,) and answer.layers.shape[1] == 86
    assert not np.isnan(answer.layers).any() and np.abs(answer.input).max() > 0
    total = answer.ledger.total
    assert answer.ledger.closes and abs(total.rest) < 1e-10 * abs(total.arrived)
    assert total.passed == pytest.approx(float(answer.input.sum(dtype=np.float64)), abs=1e-6 * abs(answer.value))


def test_that_a_model_which_converts_its_weights_stays_converted() -> None:
    model = made("RwkvForCausalLM", num_hidden_layers=8, rescale_every=2)
    first, again = (engine.trace(model, input_ids=IDS).logits() for _ in range(2))
    assert model.rwkv.layers_are_rescaled and np.array_equal(first, again)


def test_that_generating_leaves_no_trace() -> None:
    model = tiny("llama")
    model.model.layers[0].register_forward_pre_hook(lambda layer, _: setattr(layer, "calls", 1))
    engine.generate(model, input_ids=IDS, max_new_tokens=2)
    assert not hasattr(model.model.layers[0], "calls")
