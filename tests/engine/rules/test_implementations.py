"""Relevance does not depend on which of torch's operations computes something: one operation, or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.rules.table import ATTNLRP, CP_LRP, RULE_SETS

Function = Callable[..., Tensor]


class Applied(nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Tensor) -> Tensor:
        return self.function(*args)


def _attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.matmul(torch.matmul(q * 8**-0.5, k.transpose(-1, -2)).softmax(-1), v)


def _unfolded(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    patches = x.unfold(2, weight.shape[2], 1).transpose(1, 2).flatten(2)  # (batch, place, channel x width)
    return (patches @ weight.flatten(1).T).transpose(1, 2) + bias[:, None]


# An operation of several operands, the same written out, and the operands' shapes
WRITTEN_OUT: dict[str, tuple[Function, Function, tuple[tuple[int, ...], ...]]] = {
    "attention": (F.scaled_dot_product_attention, _attention, ((1, 2, 5, 8),) * 3),
    "attention with a mask": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m),
        lambda q, k, v, m: torch.matmul((torch.matmul(q * 8**-0.5, k.transpose(-1, -2)) + m).softmax(-1), v),
        (*((1, 2, 5, 8),) * 3, (1, 2, 5, 5)),
    ),
    "attention with a mask by place": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m, 0.0, False),
        lambda q, k, v, m: torch.matmul((torch.matmul(q * 8**-0.5, k.transpose(-1, -2)) + m).softmax(-1), v),
        (*((1, 2, 5, 8),) * 3, (1, 1, 5, 5)),
    ),
    "attention without heads": (F.scaled_dot_product_attention, _attention, ((5, 8),) * 3),
    "linear": (F.linear, lambda x, w, b: x @ w.T + b, ((4, 3), (5, 3), (5,))),
    "linear by name": (
        lambda x, w, b: F.linear(input=x, weight=w, bias=b),
        lambda x, w, b: x @ w.T + b,
        ((4, 3), (5, 3), (5,)),
    ),
    "convolution": (F.conv1d, _unfolded, ((1, 3, 9), (4, 3, 3), (4,))),
    "matmul": (torch.matmul, lambda a, b: torch.einsum("ij,jk->ik", a, b), ((3, 4), (4, 5))),
    "bmm": (torch.bmm, lambda a, b: a @ b, ((2, 3, 4), (2, 4, 5))),
    "baddbmm": (torch.baddbmm, lambda a, b, c: a + b @ c, ((2, 3, 5), (2, 3, 4), (2, 4, 5))),
    "addbmm": (torch.addbmm, lambda a, b, c: a + (b @ c).sum(0), ((3, 5), (2, 3, 4), (2, 4, 5))),
    "addmm": (torch.addmm, lambda a, b, c: a + b @ c, ((3, 5), (3, 4), (4, 5))),
    "addmv": (torch.addmv, lambda a, b, c: a + b @ c, ((3,), (3, 4), (4,))),
    "addr": (torch.addr, lambda a, b, c: a + torch.outer(b, c), ((3, 4), (3,), (4,))),
    "addcmul": (torch.addcmul, lambda a, b, c: a + b * c, ((3, 4),) * 3),
    "addcmul by name": (
        lambda a, b, c: torch.addcmul(a, tensor1=b, tensor2=c, value=0.5),
        lambda a, b, c: a + 0.5 * (b * c),
        ((3, 4),) * 3,
    ),
    "addcdiv": (torch.addcdiv, lambda a, b, c: a + b / c, ((3, 4),) * 3),
    "lerp": (torch.lerp, lambda a, b, w: a + w * (b - a), ((3, 4),) * 3),
    "outer": (torch.outer, lambda a, b: a[:, None] * b, ((3,), (4,))),
    "dot": (torch.dot, lambda a, b: (a * b).sum(), ((3,), (3,))),
    "mv": (torch.mv, lambda a, b: (a * b).sum(-1), ((3, 4), (4,))),
    "bilinear": (
        F.bilinear,
        lambda x, y, w, b: torch.einsum("ni,oij,nj->no", x, w, y) + b,
        ((2, 3), (2, 4), (5, 3, 4), (5,)),
    ),
    "divide": (torch.div, lambda a, b: a * (1 / b), ((3, 4),) * 2),
    "square": (lambda x: x**2, lambda x: x * x, ((3, 4),)),
}


def subsets(count: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, count + 1):
        yield from combinations(range(count), size)


CASES = [(name, those) for name, (*_, shapes) in WRITTEN_OUT.items() for those in subsets(len(shapes))]


def relevances(rules: str, function: Function, operands: list[Tensor], those: tuple[int, ...]) -> list[Tensor]:
    """The relevance of the operands that depend on the input, element by element."""
    given = [x.clone().requires_grad_(i in those) for i, x in enumerate(operands)]
    module = Applied(function)
    with RULE_SETS[rules].on(module):
        result = module(*given)
    seed = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view(result.shape)
    leaves = [given[i] for i in those]
    if not result.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(result, leaves, seed, allow_unused=True)
    return [torch.zeros_like(x) if g is None else x.detach() * g for x, g in zip(leaves, found, strict=True)]


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
@pytest.mark.parametrize(("name", "those"), CASES, ids=[f"{name}-{those}" for name, those in CASES])
def test_that_one_operation_is_as_several(name: str, those: tuple[int, ...], rules: str) -> None:
    whole, written, shapes = WRITTEN_OUT[name]
    pseudo = torch.Generator().manual_seed(3)
    operands = [torch.rand(shape, generator=pseudo, dtype=torch.float64) + 0.5 for shape in shapes]
    ours, theirs = (relevances(rules, function, operands, those) for function in (whole, written))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


# -- gradients of norms, over strides that torch's own kernels may not expect --------------------------------------

_EPS = 1e-5


def _less_mean(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """x less its mean, over a deviation that is a number."""
    deviation = (x.detach().var(axes, unbiased=False, keepdim=True) + _EPS).sqrt()
    return (x - x.mean(axes, keepdim=True)) / deviation


def _learned(x: Tensor) -> Tensor:
    mean, var = (torch.linspace(a, b, x.shape[1], dtype=x.dtype).view(1, -1, 1, 1) for a, b in ((-1, 1), (0.5, 2)))
    return (x - mean) / (var + _EPS).sqrt()


NORMS: dict[str, tuple[Function, Function]] = {
    "layer norm": (lambda x: F.layer_norm(x, x.shape[1:], eps=_EPS), lambda x: _less_mean(x, (1, 2, 3))),
    "group norm": (
        lambda x: F.group_norm(x, 4, eps=_EPS),
        lambda x: _less_mean(x.unflatten(1, (4, -1)), (2, 3, 4)).flatten(1, 2),
    ),
    "rms norm": (
        lambda x: F.rms_norm(x, x.shape[-1:], eps=_EPS),
        lambda x: x / (x.detach().square().mean(-1, keepdim=True) + _EPS).sqrt(),
    ),
    "instance norm": (lambda x: F.instance_norm(x, eps=_EPS), lambda x: _less_mean(x, (2, 3))),
    "batch norm of its input": (
        lambda x: F.batch_norm(x, None, None, training=True, eps=_EPS),
        lambda x: _less_mean(x, (0, 2, 3)),
    ),
    "batch norm": (
        lambda x: F.batch_norm(
            x,
            torch.linspace(-1, 1, x.shape[1], dtype=x.dtype),
            torch.linspace(0.5, 2, x.shape[1], dtype=x.dtype),
            eps=_EPS,
        ),
        _learned,
    ),
}


def strided(shape: tuple[int, ...], order: tuple[int, ...]) -> Tensor:
    """Numbers of `shape` whose axes lie in memory in `order`, as a transposed tensor's do."""
    numbers = torch.randn([shape[axis] for axis in order], generator=torch.Generator().manual_seed(1))
    return numbers.permute([order.index(axis) for axis in range(len(shape))])


ORDERS = ((0, 1, 2, 3), (0, 2, 3, 1), (2, 3, 0, 1), (0, 2, 1, 3), (1, 0, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2))


@pytest.mark.parametrize("gradient", [*ORDERS, "one number"], ids=str)
@pytest.mark.parametrize("given", ORDERS, ids=str)
@pytest.mark.parametrize("norm", NORMS)
def test_that_a_norms_gradient_is_its_formulas(
    norm: str, given: tuple[int, ...], gradient: tuple[int, ...] | str
) -> None:
    whole, formula = NORMS[norm]
    shape = (1, 16, 6, 4) if norm != "batch norm of its input" else (2, 16, 6, 4)
    x = strided(shape, given).requires_grad_()
    seed = torch.full((1, 1, 1, 1), 0.5).expand(shape) if isinstance(gradient, str) else strided(shape, gradient)
    module = Applied(whole)
    with ATTNLRP.on(module):
        result = module(x)
    assert torch.equal(result, whole(x))
    (ours,) = torch.autograd.grad(result, x, seed)
    exact = x.detach().double().requires_grad_()
    (wanted,) = torch.autograd.grad(formula(exact), exact, seed.double())
    torch.testing.assert_close(ours.double(), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rules", [ATTNLRP, CP_LRP], ids=lambda rules: rules.name)
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_that_fused_attentions_gradient_is_that_of_attention_written_out(rules: object, order: tuple[int, ...]) -> None:
    q, k, v, seed = (strided((1, 2, 5, 8), order) for _ in range(4))
    found = []
    for function, dtype in ((F.scaled_dot_product_attention, torch.float32), (_attention, torch.float64)):
        given = [x.to(dtype).requires_grad_() for x in (q, k * 0.5, v * 2)]
        module = Applied(function)
        with rules.on(module):  # type: ignore[attr-defined]
            result = module(*given)
        grads = torch.autograd.grad(result, given, seed.to(dtype), allow_unused=True)
        found.append([torch.zeros(()) if grad is None else grad.double() for grad in grads])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other.to(one.dtype), rtol=1e-4, atol=1e-5)
