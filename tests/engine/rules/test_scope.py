"""Rules come and go without a trace, and stay with the module they were put on."""

from __future__ import annotations

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.rules.table import ATTNLRP, CP_LRP, INPUT_X_GRADIENT, RULE_SETS


class Gated(nn.Module):
    """One of everything that rules change, in a few parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.up, self.gate = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        return self.up(x) * F.silu(self.gate(x))


def fingerprint(module: nn.Module) -> object:
    """What may not change: attributes, hooks, gradients asked for, gradients had."""
    return [
        (name, sorted(m.__dict__), len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks))
        for name, m in module.named_modules()
    ], [(name, p.requires_grad, p.grad is None, p._version) for name, p in module.named_parameters()]


def gradient(module: nn.Module, x: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(module(x).sum(), x)
    return found


@pytest.fixture
def x() -> Tensor:
    return torch.randn(3, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)


@pytest.fixture
def module() -> Gated:
    torch.manual_seed(0)
    return Gated()


class Overwriting(nn.Module):
    """Overwrites what a rule returned."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * x.sigmoid() * x
        y += x
        return y.mul_(x)


def test_that_what_a_rule_returns_may_be_overwritten(x: Tensor) -> None:
    with ATTNLRP.on(module := Overwriting()):
        y = module(x)
        (grad,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(y, Overwriting()(x))
    assert torch.allclose((grad * x).sum(), y.sum(), rtol=1e-5)


@pytest.mark.parametrize("rules", RULE_SETS)
def test_that_rules_leave_no_trace(module: Gated, x: Tensor, rules: str) -> None:
    before, output, plain = fingerprint(module), module(x), gradient(module, x)
    with RULE_SETS[rules].on(module):
        assert torch.equal(module(x), output)
    assert fingerprint(module) == before
    assert torch.equal(gradient(module, x), plain)


def test_that_an_error_inside_undoes_the_rules_too(module: Gated, x: Tensor) -> None:
    before, plain = fingerprint(module), gradient(module, x)
    with pytest.raises(RuntimeError), ATTNLRP.on(module):
        module(torch.zeros(3, 5))
    assert fingerprint(module) == before
    assert torch.equal(gradient(module, x), plain)


def test_that_another_model_is_never_touched(module: Gated, x: Tensor) -> None:
    other = Gated()
    plain = gradient(other, x)
    with ATTNLRP.on(module):
        assert torch.equal(gradient(other, x), plain)
        assert not torch.allclose(gradient(module, x), plain)


def test_that_the_innermost_rules_win(module: Gated, x: Tensor) -> None:
    alone = {}
    for rules in (ATTNLRP, CP_LRP, INPUT_X_GRADIENT):
        with rules.on(module):
            alone[rules.name] = gradient(module, x)
    with ATTNLRP.on(module):
        with CP_LRP.on(module):
            assert torch.equal(gradient(module, x), alone["cp-lrp"])
            with INPUT_X_GRADIENT.on(module):
                assert torch.equal(gradient(module, x), alone["input-x-gradient"])
        assert torch.equal(gradient(module, x), alone["attnlrp"])


def test_that_rules_on_a_part_hold_for_that_part(module: Gated, x: Tensor) -> None:
    whole = nn.Sequential(module, Gated())
    with ATTNLRP.on(whole), INPUT_X_GRADIENT.on(whole[1]):
        mixed = gradient(whole, x)
    with ATTNLRP.on(whole):
        assert not torch.allclose(gradient(whole, x), mixed)
    with ATTNLRP.on(whole[0]):
        assert torch.equal(gradient(whole, x), mixed)


def test_that_the_rules_of_one_thread_are_not_anothers(module: Gated, x: Tensor) -> None:
    other, seen = Gated(), []
    plain = gradient(other, x)
    with ATTNLRP.on(module):
        thread = threading.Thread(target=lambda: seen.append(gradient(other, x)))
        thread.start()
        thread.join()
    assert torch.equal(seen[0], plain)
