"""Each rule beside its published formula, spelt out slowly in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import activations

from engine.rules import slopes
from engine.rules.table import ATTNLRP, CP_LRP, RULE_SETS
from engine.rules.whole import is_whole, slope_of


class Applied(nn.Module):
    """A function as a module, to put rules on."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Tensor) -> Tensor:
        return self.function(*args)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_()


def gradients(rules: str, function: Callable[..., Tensor], *inputs: Tensor) -> tuple[Tensor, ...]:
    module = Applied(function)
    with RULE_SETS[rules].on(module):
        result = module(*inputs)
    assert torch.equal(result, function(*inputs))
    seed = torch.randn(result.shape, generator=torch.Generator().manual_seed(9), dtype=result.dtype)
    return seed, *torch.autograd.grad(result, inputs, seed)


ACTIVATIONS = {
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky relu": lambda x: F.leaky_relu(x, 0.1),
    "prelu": lambda x: F.prelu(x, torch.full((1,), 0.2, dtype=x.dtype)),
    "tanh": torch.tanh,
    "tanh method": lambda x: x.tanh(),
    "elu": lambda x: F.elu(x, 0.7),
    "celu": lambda x: F.celu(x, 0.7),
    "selu": F.selu,
    "mish": F.mish,
    "hardswish": F.hardswish,
    "hardtanh": F.hardtanh,
    "softsign": F.softsign,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_that_an_activation_hands_its_relevance_on(name: str) -> None:
    x = numbers(200)
    f = ACTIVATIONS[name]
    seed, gradient = gradients("attnlrp", f, x)
    torch.testing.assert_close(x * gradient, seed * f(x))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_that_a_zero_has_the_slope_at_zero(name: str, dtype: torch.dtype) -> None:
    f = ACTIVATIONS[name]
    x = torch.zeros(3, dtype=dtype, requires_grad=True)
    module = Applied(f)
    with ATTNLRP.on(module):
        (gradient,) = torch.autograd.grad(module(x).sum(), x)
    if name in ("relu", "relu6", "leaky relu", "prelu", "elu", "selu"):  # a kink: any slope between the two sides
        assert torch.isfinite(gradient).all()
        return
    step = 1e-4
    here = torch.tensor([-step, step], dtype=torch.float64)
    slope = (f(here)[1] - f(here)[0]) / (2 * step)
    torch.testing.assert_close(gradient, slope.to(dtype).expand(3), atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize(
    "module",
    [
        activations.SiLUActivation(),
        activations.NewGELUActivation(),
        activations.FastGELUActivation(),
        activations.AccurateGELUActivation(),
        activations.QuickGELUActivation(),
        activations.GELUActivation(use_gelu_python=True),
        activations.GELUTanh(use_gelu_tanh_python=True),
        activations.MishActivation(),
        activations.ReLUSquaredActivation(),
    ],
    ids=lambda module: type(module).__name__,
)
def test_that_an_activation_of_several_operations_is_one(module: nn.Module) -> None:
    x = numbers(100)
    plain = module(x)
    parent = nn.Sequential(module)
    with ATTNLRP.on(parent):
        result = parent(x)
    assert torch.equal(result, plain)
    (gradient,) = torch.autograd.grad(result.sum(), x)
    torch.testing.assert_close(x * gradient, plain)


def test_that_every_activation_of_transformers_in_one_operation_has_a_closed_form() -> None:
    for name in ("silu", "gelu", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "quick_gelu"):
        activation = activations.ACT2FN[name]
        assert not is_whole(activation) or slope_of(activation) in vars(slopes).values(), name


PRODUCTS = {
    "mul": lambda a, b: a * b,
    "torch.mul": torch.mul,
    "mul named": lambda a, b: torch.mul(input=a, other=b),
    "mul of two shapes": lambda a, b: a * b[:1],
    "mul of complex numbers": lambda a, b: torch.view_as_real(_complex(a) * _complex(b)).flatten(1),
    "matmul": lambda a, b: a @ b,
    "torch.matmul": torch.matmul,
    "mm": torch.mm,
    "bmm": lambda a, b: torch.bmm(a[None], b[None])[0],
    "einsum": lambda a, b: torch.einsum("ij,jk->ik", a, b),
    "in place": lambda a, b: a.clone().mul_(b),
    "augmented": lambda a, b: _augmented(a, b),
}


def _complex(a: Tensor) -> Tensor:
    return torch.view_as_complex(a.unflatten(1, (-1, 2)))


def _augmented(a: Tensor, b: Tensor) -> Tensor:
    a = a.clone()
    a *= b
    return a


@pytest.mark.parametrize("name", PRODUCTS)
def test_that_a_product_gives_each_factor_half(name: str) -> None:
    a, b = numbers(4, 4, seed=1), numbers(4, 4, seed=2)
    f = PRODUCTS[name]
    seed, of_a, of_b = gradients("attnlrp", f, a, b)
    plain_a, plain_b = torch.autograd.grad(f(a, b), (a, b), seed)
    torch.testing.assert_close(of_a, plain_a / 2)
    torch.testing.assert_close(of_b, plain_b / 2)
    torch.testing.assert_close((a * of_a).sum() + (b * of_b).sum(), (seed * f(a, b)).sum())


def test_that_a_product_with_a_number_is_linear() -> None:
    a = numbers(4, 4)
    weight = nn.Parameter(torch.ones(4, 4, dtype=torch.float64) * 3)
    module = Applied(lambda x: x * module.weight)
    module.weight = weight
    with ATTNLRP.on(module):
        result = module(a)
    (gradient,) = torch.autograd.grad(result.sum(), a)
    assert torch.equal(gradient, torch.full_like(gradient, 3))
    assert weight.requires_grad


def test_that_a_sum_with_a_product_shares_only_the_product() -> None:
    a, b, c = (numbers(1, 3, 3, seed=s) for s in (1, 2, 3))
    for f in (torch.baddbmm, lambda a, b, c: a.baddbmm(batch1=b, batch2=c, beta=1.0)):
        seed, of_a, of_b, of_c = gradients("attnlrp", f, a, b, c)
        assert torch.equal(of_a, seed)
        torch.testing.assert_close((b * of_b).sum(), (seed * (b @ c)).sum() / 2)
        torch.testing.assert_close((c * of_c).sum(), (seed * (b @ c)).sum() / 2)


def test_that_a_power_hands_its_relevance_on() -> None:
    x = numbers(50)
    for f in (lambda x: x**2, torch.square, lambda x: x.pow(3), lambda x: torch.pow(x, exponent=2)):
        seed, gradient = gradients("attnlrp", f, x)
        torch.testing.assert_close(x * gradient, seed * f(x))


def test_that_statistics_and_gates_are_numbers() -> None:
    x = numbers(3, 8)
    y = x.detach().abs() + 1
    cases: list[tuple[Callable[[Tensor], Tensor], Tensor]] = [
        (lambda x: x * torch.rsqrt(x.square().mean(-1, keepdim=True)), x),
        (lambda x: x / x.square().mean(-1, keepdim=True).sqrt(), x),
        (lambda x: x / x.norm(dim=-1, keepdim=True), x),
        (lambda x: x * x.square().mean(-1, keepdim=True).pow(-0.5), x),
        (lambda x: x * torch.sigmoid(x), x),
        (lambda x: x * x.exp(), x),
        (F.normalize, x),
        (lambda x: x * (1 / (y + x.square())), x),
    ]
    for f, x in cases:
        seed, gradient = gradients("attnlrp", f, x)
        torch.testing.assert_close(x * gradient, seed * f(x))


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_a_system_is_solved_by_a_number(rules: str) -> None:
    x = numbers(4, 3)

    def f(x: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(x @ x.T, x, upper=False, unitriangular=True)

    seed, gradient = gradients(rules, f, x)
    lower = (x @ x.T).detach().tril(-1) + torch.eye(4, dtype=x.dtype)
    torch.testing.assert_close(gradient, torch.linalg.inv(lower).T @ seed)
    torch.testing.assert_close((x * gradient).sum(), (seed * f(x)).sum())


def test_that_layer_norm_keeps_its_mean_and_not_its_deviation() -> None:
    x, weight, bias = numbers(5, 16), numbers(16, seed=1).detach(), numbers(16, seed=2).detach()

    def formula(x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt().detach() * weight + bias

    seed, gradient = gradients("attnlrp", lambda x: F.layer_norm(x, (16,), weight, bias), x)
    (expected,) = torch.autograd.grad(formula(x), x, seed)
    torch.testing.assert_close(gradient, expected)


def test_that_group_norm_keeps_its_mean_and_not_its_deviation() -> None:
    x, weight, bias = numbers(2, 6, 5), numbers(6, seed=1).detach(), numbers(6, seed=2).detach()

    def formula(x: Tensor) -> Tensor:
        grouped = x.reshape(2, 3, 10)
        centred = grouped - grouped.mean(-1, keepdim=True)
        normed = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt().detach()
        return normed.reshape(2, 6, 5) * weight[:, None] + bias[:, None]

    seed, gradient = gradients("attnlrp", lambda x: F.group_norm(x, 3, weight, bias), x)
    (expected,) = torch.autograd.grad(formula(x), x, seed)
    torch.testing.assert_close(gradient, expected)


def test_that_rms_norm_is_a_product_with_numbers() -> None:
    x, weight = numbers(5, 16), numbers(16, seed=1).detach()
    seed, gradient = gradients("attnlrp", lambda x: F.rms_norm(x, (16,), weight, 1e-6), x)
    torch.testing.assert_close((x * gradient).sum(), (seed * F.rms_norm(x, (16,), weight, 1e-6)).sum())


def _eager_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1) @ v


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_fused_attention_is_attention_written_out(rules: str) -> None:
    q, k, v = (numbers(1, 2, 7, 8, seed=s) for s in (1, 2, 3))
    module, written = Applied(F.scaled_dot_product_attention), Applied(_eager_attention)
    with RULE_SETS[rules].on(module), RULE_SETS[rules].on(written):
        fused, plain = module(q, k, v), written(q, k, v)
    seed = torch.randn_like(fused)
    ours = torch.autograd.grad(fused, (q, k, v), seed, allow_unused=True)
    theirs = torch.autograd.grad(plain, (q, k, v), seed, allow_unused=True)
    for one, other in zip(ours, theirs, strict=True):
        if rules == "cp-lrp" and one is None:
            assert other is None
        else:
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_pytorchs_multi_head_attention_is_seen_through(rules: str) -> None:
    attention = nn.MultiheadAttention(16, 4, batch_first=True, bias=False, dtype=torch.float64).eval()
    x = numbers(1, 6, 16)
    plain = attention(x, x, x, need_weights=False)[0]
    with RULE_SETS[rules].on(attention):
        result = attention(x, x, x, need_weights=False)[0]
    torch.testing.assert_close(result, plain)
    (gradient,) = torch.autograd.grad(result[0, -1, 0], x)
    if rules == "cp-lrp":
        torch.testing.assert_close((x * gradient).sum(), result[0, -1, 0])
    else:
        (own,) = torch.autograd.grad(plain[0, -1, 0], x)
        assert not torch.allclose(gradient, own)


def test_that_a_gate_is_a_number_under_cp_lrp_and_a_factor_under_attnlrp() -> None:
    gate, value = numbers(10, seed=1), numbers(10, seed=2)

    def gated(gate: Tensor, value: Tensor) -> Tensor:
        return F.silu(gate) * value

    seed, of_gate, of_value = gradients("attnlrp", gated, gate, value)
    torch.testing.assert_close(gate * of_gate, seed * gated(gate, value) / 2)
    torch.testing.assert_close(value * of_value, seed * gated(gate, value) / 2)
    module = Applied(gated)
    with CP_LRP.on(module):
        result = module(gate, value)
    of_gate, of_value = torch.autograd.grad(result, (gate, value), seed, allow_unused=True)
    assert of_gate is None
    torch.testing.assert_close(value * of_value, seed * gated(gate, value))


@pytest.mark.parametrize("rules", RULE_SETS)
def test_that_dropout_is_off_even_in_training(rules: str) -> None:
    x = numbers(100)
    module = nn.Sequential(nn.Dropout(0.5), nn.Dropout1d(0.5)).train()
    with RULE_SETS[rules].on(module):
        assert torch.equal(module(x[None]), x[None])
        with torch.no_grad():
            assert torch.equal(module(x[None]), x[None])
    assert not torch.equal(module(x[None]), x[None])


WRITTEN_OUT = {
    "SiLU": lambda x: x * torch.sigmoid(x),
    "SiLU the other way round": lambda x: torch.sigmoid(x) * x,
    "a steeper one": lambda x: x * torch.sigmoid(1.702 * x),
    "GELU": lambda x: x * 0.5 * (1.0 + torch.erf(x / 2**0.5)),
    "GELU the other way round": lambda x: (torch.erf(x / 2**0.5) + 1) / 2 * x,
    "squared ReLU": lambda x: F.relu(x).square(),
    "squared ReLU as a power": lambda x: torch.pow(torch.relu(x), 2),
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_that_cp_lrp_knows_a_gate_whose_activation_is_written_out(name: str) -> None:
    gate, value = numbers(10, seed=1), numbers(10, seed=2)

    def gated(gate: Tensor, value: Tensor) -> Tensor:
        return WRITTEN_OUT[name](gate) * value

    module = Applied(gated)
    with CP_LRP.on(module):
        result = module(gate, value)
    assert torch.equal(result, gated(gate, value))
    of_gate, of_value = torch.autograd.grad(result, (gate, value), torch.ones(10), allow_unused=True)
    assert of_gate is None or not of_gate.any()
    torch.testing.assert_close(value * of_value, gated(gate, value))
    seed, of_gate, of_value = gradients("attnlrp", gated, gate, value)
    torch.testing.assert_close(value * of_value, seed * gated(gate, value) / 2)
