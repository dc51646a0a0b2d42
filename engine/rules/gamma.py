"""The gamma rule on linear and convolutional layers, in gradient form (Montavon et al., 2019, for inputs of any sign:
Andéol et al., 2021, as zennit has it).

Of y = W x + b, contributions of y's sign count 1 + γ times. With a⁺ = max(a, 0) and a⁻ = min(a, 0), where y > 0

    R_x = x⁺ (W + γ W⁺)ᵀ s + x⁻ (W + γ W⁻)ᵀ s,    s = R_y / (y + γ (W⁺ x⁺ + W⁻ x⁻ + b⁺)),

and where y < 0 the other way round. Since W⁺ x⁺ + W⁻ x⁻ is (W x + |W| |x|) / 2, two linear maps are enough:

    relevance / x = (1 + γ/2) Wᵀ g + γ/2 sign(x) |W|ᵀ (sign(y) g),
    g = gradient · |y| / ((1 + γ/2) |y| + γ/2 (|W| |x| + |b|) + ε).

What the rule keeps: a bias is the weight of one more input, which is 1. Relevance of x and of b together is that of y,
but for the share ε / (denominator) of each output that zennit's stabilizer ε = 1e-6 takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function
from torch.func import vjp

from engine.protocol.rule_names import Gamma
from engine.rules.operations import Arguments, Operation, Options, Rule, depends

_STABILIZER = 1e-6  # zennit's

_Back = Callable[[Tensor], Sequence[Tensor]]
LayerKind = Literal["conv", "linear"]


class Gammas:
    """The gammas of a rule set: its own, and those in force now, read when relevance goes back."""

    def __init__(self, own: Gamma) -> None:
        self.own = self.now = own
        self._one_at_a_time = threading.RLock()

    @contextmanager
    def at(self, gamma: Gamma) -> Iterator[None]:
        """Inside the `with`, relevance goes back by other gammas. Another thread waits for its end."""
        with self._one_at_a_time:
            before, self.now = self.now, gamma
            try:
                yield
            finally:
                self.now = before


def gamma_rule(gammas: Gammas, kind: LayerKind) -> Rule:
    """The gamma rule for layers of a kind, where their input depends on the model's and their weight does not."""

    def rule(operation: Operation, args: Arguments, options: Options) -> Any:
        x, weight, bias, named = _operands(args, options)
        if not depends(x) or depends(weight):
            return operation(*args, **options)
        return _Gamma.apply(
            x,
            weight,
            bias,
            lambda x, weight, bias=None: operation(x, weight, bias, *args[3:], **named),
            lambda: getattr(gammas.now, kind),
        )

    rule.__name__ = "gamma"
    return rule


def _operands(args: Arguments, options: Options) -> tuple[Tensor, Tensor, Tensor | None, dict[str, Any]]:
    """Input, weight and bias, and the other arguments by name."""
    named = dict(options)
    given = [*args[:3], *(named.pop(name, None) for name in ("input", "weight", "bias")[len(args) :])]
    return given[0], given[1], given[2], named


class _Gamma(Function):
    """A linear map under the gamma rule: keeps x, weight and bias, and computes the map again on the way back."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        linear: Callable[..., Tensor],
        gamma: Callable[[], float],
    ) -> Tensor:
        ctx.linear, ctx.gamma = linear, gamma
        ctx.save_for_backward(x, weight, bias)
        return linear(x, weight, bias).detach()  # as a view, which it may be, it could not be overwritten

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias = ctx.saved_tensors
        half = ctx.gamma() / 2
        operands = (x, bias) if ctx.needs_input_grad[2] else (x,)
        y, back = _map_and_back(ctx.linear, weight, bias, operands)
        size = y.abs().to(torch.promote_types(y.dtype, torch.float32))
        if half == 0:
            found = back(grad * (size / (size + _STABILIZER)).to(y.dtype))
        else:
            most, back_positive = _map_and_back(
                ctx.linear, weight.abs(), None if bias is None else bias.abs(), [value.abs() for value in operands]
            )
            denominator = most.to(size.dtype).mul_(half).add_(size, alpha=1 + half).add_(_STABILIZER)
            grad = grad * (size / denominator).to(y.dtype)
            found = [
                part * (1 + half) + other * (value.sign() * half)
                for part, other, value in zip(back(grad), back_positive(grad * y.sign()), operands, strict=True)
            ]
        return found[0], None, found[1] if len(operands) == 2 else None, None, None


def _map_and_back(
    linear: Callable[..., Tensor], weight: Tensor, bias: Tensor | None, operands: Sequence[Tensor]
) -> tuple[Tensor, _Back]:
    """The linear map of `operands`, an input and perhaps the bias, and the map from a gradient to theirs."""
    result, back, *_ = vjp(lambda x, bias=bias: linear(x, weight, bias), *operands)
    return result, back
