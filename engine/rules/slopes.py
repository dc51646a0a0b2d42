"""f(x) / x of every activation, in closed form where there is one, so that x = 0 has its limit and never 0 / 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Slope = Callable[..., Tensor]  # of the input and of whatever else the activation was given


def silu(x: Tensor, inplace: bool = False) -> Tensor:
    return torch.sigmoid(x)


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    return gelu_tanh(x) if approximate == "tanh" else gelu_erf(x)


def gelu_erf(x: Tensor) -> Tensor:
    """Phi(x), the normal distribution's cumulative function."""
    return torch.erf(x * math.sqrt(0.5)).add_(1).mul_(0.5)


def gelu_tanh(x: Tensor) -> Tensor:
    return torch.tanh((x * x).mul_(0.044715).add_(1).mul_(x).mul_(math.sqrt(2 / math.pi))).add_(1).mul_(0.5)


def gelu_quick(x: Tensor) -> Tensor:
    return torch.sigmoid(1.702 * x)


def relu(x: Tensor, inplace: bool = False) -> Tensor:
    return (x > 0).to(x.dtype)


def relu6(x: Tensor, inplace: bool = False) -> Tensor:
    return hardtanh(x, 0.0, 6.0)


def leaky_relu(x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    return torch.where(x > 0, 1.0, negative_slope).to(x.dtype)


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    return F.prelu(x, weight) / x.where(x != 0, 1) + (x == 0).to(x.dtype)


def tanh(x: Tensor) -> Tensor:
    return torch.where(x == 0, 1.0, torch.tanh(x) / x)


def elu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    return torch.where(x > 0, 1.0, alpha * _expm1_over(x))


def celu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    return torch.where(x > 0, 1.0, _expm1_over(x / alpha))


def selu(x: Tensor, inplace: bool = False) -> Tensor:
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def mish(x: Tensor, inplace: bool = False) -> Tensor:
    return torch.tanh(F.softplus(x))


def hardswish(x: Tensor, inplace: bool = False) -> Tensor:
    return (x + 3).clamp_(0, 6).div_(6)


def hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    return torch.where((x > min_val) & (x < max_val), 1.0, x.clamp(min_val, max_val) / x.where(x != 0, 1)).to(x.dtype)


def softsign(x: Tensor) -> Tensor:
    return 1 / (1 + x.abs())


def of_any(f: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The quotient itself, and f'(0), its limit if f(0) = 0, where x is too small to divide by."""
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        y = f(leaf, *args, **kwargs)
        (derivative,) = torch.autograd.grad(y.sum(), leaf)
    small = x.abs() < torch.finfo(x.dtype).eps
    return torch.where(small, derivative, y.detach() / x.where(~small, 1))


def _expm1_over(x: Tensor) -> Tensor:
    return torch.where(x == 0, 1.0, torch.expm1(x) / x)
