"""zennit's rules in the gradient form: what they hand on, times the activation, is their relevance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from zennit.composites import LayerMapComposite
from zennit.core import Hook
from zennit.rules import Epsilon, Gamma, Pass, ZPlus

import engine


def gradient(module: nn.Module, hook: Hook, x: Tensor, seed: Tensor, converted: bool) -> Tensor:
    """What arrives at `x` where `seed` goes back from the module's output."""
    leaf = x.detach().clone().requires_grad_()
    patch = engine.monkey_patch_zennit()
    if not converted:
        patch.undo()
    composite = LayerMapComposite([(type(module), hook)])
    with patch, composite.context(module):
        module(leaf).backward(seed)
    return leaf.grad


@pytest.mark.parametrize("hook", [Gamma(0.25), ZPlus(), Epsilon()])
def test_that_activation_times_gradient_is_the_rules_relevance(hook: Hook) -> None:
    torch.manual_seed(0)
    module, x, seed = nn.Linear(6, 4), torch.randn(3, 6), torch.randn(3, 4)
    relevance = gradient(module, hook, x, seed * module(x).detach(), converted=False)
    torch.testing.assert_close(x * gradient(module, hook, x, seed, converted=True), relevance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_that_pass_hands_relevance_on_and_zero_is_no_quotient(dtype: torch.dtype) -> None:
    x = torch.tensor([-1.0, 0.0, 2.0], dtype=dtype)
    seed = torch.tensor([1.0, 3.0, 0.5], dtype=dtype)
    found = gradient(nn.GELU(), Pass(), x, seed, converted=True)
    torch.testing.assert_close(found * x, seed * nn.functional.gelu(x))
    assert found.isfinite().all()


def test_that_verbose_names_the_hooks(capsys: pytest.CaptureFixture[str]) -> None:
    engine.monkey_patch_zennit(verbose=True).undo()
    assert "BasicHook, Pass" in capsys.readouterr().out
