"""The relevance of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import engine
from engine import targets
from engine.protocol.failures import ModelError
from tests.engine.attribution.facts import ALL
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.test_ledger import with_random_biases

TARGET = targets.Token(5)


def test_that_the_weights_of_a_map_hold_what_goes_through_it() -> None:
    with engine.trace(tiny("llama"), input_ids=IDS) as trace:
        value = abs(trace.explain(TARGET).value)
        found = trace.parameters(TARGET, ["*.o_proj", "*.down_proj"])
        for block in range(3):
            attention, mlp = trace.inside(block, TARGET).writers
            close = {"abs": 1e-5 * value}
            assert found[f"model.layers.{block}.self_attn.o_proj.weight"].sum() == pytest.approx(
                attention.relevance.sum(), **close
            )
            down = found[f"model.layers.{block}.mlp.down_proj.weight"]
            assert down.sum() == pytest.approx(mlp.relevance.sum(), **close)


def test_that_inputs_of_a_down_projection_are_its_neurons() -> None:
    with engine.trace(tiny("llama"), input_ids=IDS) as trace:
        value = abs(trace.explain(TARGET).value)
        inside = trace.inside(1, TARGET)
        found = trace.parameters(TARGET, ["model.layers.1.mlp.down_proj"], summed="input")
        heads = trace.parameters(TARGET, ["model.layers.1.self_attn.o_proj"], summed="input")
    neurons = np.array([inside.neuron(n).sum() for n in range(64)])
    assert found["model.layers.1.mlp.down_proj.weight"] == pytest.approx(neurons, abs=1e-5 * value)
    of_heads = heads["model.layers.1.self_attn.o_proj.weight"].reshape(4, -1).sum(1)
    assert inside.heads is not None and of_heads == pytest.approx(inside.heads.sum(1), abs=1e-5 * value)


@pytest.mark.parametrize("family", ["gpt2", "bert", "convnext"])
def test_that_weights_and_biases_of_any_map_have_their_shape_and_the_model_is_untouched(family: str) -> None:
    model, given = with_random_biases(ALL[family].make()), ALL[family].given
    before = {name: one.clone() for name, one in model.named_parameters(remove_duplicate=False)}
    with engine.trace(model, **given) as trace:
        found = trace.parameters()
        sums = trace.parameters(summed="matrix")
    assert found and set(found) == set(sums)
    for name, relevance in found.items():
        assert relevance.shape == tuple(before[name].shape)
        assert sums[name] == pytest.approx(relevance.sum(dtype=np.float64), abs=1e-3)
    assert all(torch.equal(parameter, before[name]) for name, parameter in model.named_parameters())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert not any(part._forward_hooks for part in model.modules())


def test_that_a_name_that_fits_nothing_is_named_with_one_that_does() -> None:
    with engine.trace(tiny("llama"), input_ids=IDS) as trace, pytest.raises(ModelError, match=r"No module “\*\.up”"):
        trace.parameters(TARGET, ["*.up"])
