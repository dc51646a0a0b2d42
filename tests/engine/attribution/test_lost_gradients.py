"""What has no gradient is said: in a caller's modes, on the way to the input, and in models that detach."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import engine
from engine import targets
from engine.attribution.backward import relevances, seed_of
from engine.protocol.failures import ModelError
from engine.watch import Watch
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.test_ledger import Odd, Residual

MODES = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode}


@pytest.mark.parametrize("when", ["traced", "explained", "both"])
@pytest.mark.parametrize("mode", MODES)
def test_that_relevance_is_the_same_in_a_mode_without_gradients(mode: str, when: str) -> None:
    model = engine.load_model(tiny("gpt2"))
    wanted = engine.trace(model, input_ids=IDS).explain()

    def inside(step: str) -> AbstractContextManager[object]:
        return MODES[mode]() if when in (step, "both") else nullcontext()

    with inside("traced"):
        trace = engine.trace(model, input_ids=IDS)
    with inside("explained"):
        answer = trace.explain()
    assert np.array_equal(answer.layers, wanted.layers)
    assert answer.ledger == wanted.ledger


@pytest.mark.parametrize("mode", MODES)
def test_that_the_self_test_and_the_coverage_work_in_a_mode_without_gradients(mode: str) -> None:
    model = engine.load_model(tiny("llama"))
    with MODES[mode]():
        assert engine.self_test(model, input_ids=IDS).passed
        assert engine.coverage(model, input_ids=IDS)


def test_that_pixels_made_in_inference_mode_are_explained() -> None:
    model = engine.load_model("bundled:vit")
    with torch.inference_mode():
        pixels = torch.rand(1, 3, 48, 48)
        trace = engine.trace(model, pixel_values=pixels)
    assert np.abs(trace.explain().input).max() > 0


def test_that_weights_made_in_inference_mode_are_named() -> None:
    with torch.inference_mode():
        made = tiny("llama")
    with pytest.raises(ModelError, match="was made under torch"):
        engine.trace(made, input_ids=IDS)


def test_that_a_model_opened_in_inference_mode_has_gradients() -> None:
    with torch.inference_mode():
        model = engine.load_model("bundled:llama")
    assert np.abs(engine.trace(model, input_ids=IDS).explain().input).max() > 0


def test_that_a_target_to_which_no_path_leads_is_said() -> None:
    """Of a vocabulary of looks (Ovis), words are a softmax times a parameter: under CP-LRP that cuts the only path."""

    def looked_up(model: Odd, x: Tensor) -> Tensor:
        return x.softmax(-1) @ model.norm.weight.diag()

    ids = [1, 2, 3]
    assert engine.trace(Odd(looked_up), input_ids=ids).explain(targets.Token(4)).ledger is not None
    with pytest.raises(ModelError, match="Under CP-LRP no path leads from the target to the input"):
        engine.trace(Odd(looked_up), input_ids=ids, rules="cp-lrp").explain(targets.Token(4))


def test_that_of_several_targets_one_without_a_path_is_said() -> None:
    model = engine.load_model("bundled:llama")
    trace = engine.trace(model, "the top")
    logit = trace._recording.logits(1)[5]
    cut = torch.zeros((), requires_grad=True) + logit.detach()
    with trace._recording.rules.read_as(trace._recording.rules), pytest.raises(ModelError, match="no path leads"):
        relevances(trace._recording, [seed_of(logit), seed_of(cut)], Watch(), None)


class Leaky(Residual):
    """Adds a linear map of a detached input."""

    def forward(self, x: Tensor) -> Tensor:
        return x + nn.Linear.forward(self, x.detach())


def test_that_the_self_test_names_where_a_gradient_is_lost() -> None:
    model = Odd(lambda model, x: x)
    model.blocks[1] = Leaky(4, 4)
    (check,) = [
        check for check in engine.self_test(model, input_ids=[1, 2, 3]).checks if check.what == "lost gradients"
    ]
    assert check.passed is False
    assert "add in blocks.1 changes when the input does" in check.sentence


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x / 2

    @staticmethod
    def backward(ctx: object, grad: Tensor) -> Tensor:
        return grad / 2


def test_that_coverage_names_an_autograd_function_of_the_models_own() -> None:
    rows = engine.coverage(Odd(lambda model, x: Halved.apply(x)), input_ids=[1, 2, 3])
    assert [row.operation for row in rows if row.rule == "plain gradient"] == ["Halved"]
