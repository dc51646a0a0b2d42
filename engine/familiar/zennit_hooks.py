"""zennit's rules in the gradient form: zennit hands relevance back, and here a gradient goes back.

While converted, a hook of zennit is given gradient x output for the relevance that arrives, and the relevance it hands
on is divided by its input. So its rules (Gamma, ZPlus, ...) can stand in a model whose operations follow ours, and
activation x gradient is relevance everywhere. The hooks' own formulas run unchanged.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from zennit.core import BasicHook, Hook
from zennit.rules import Pass

from engine.familiar.replaced import Replaced

_CONVERTED = (BasicHook, Pass)  # the hooks that hand on relevance; the others of zennit hand on gradients already
_INPUT, _OUTPUT = "input of a gradient", "output with a gradient"

_conversions: list[Replaced] = []


def monkey_patch_zennit(verbose: bool = False) -> Replaced:
    """Has zennit's rules hand on gradients whose product with the activation is their relevance.

    This holds for every model in the process, until it is undone.
    """
    while _conversions:
        _conversions.pop().undo()
    methods = [
        (kind, name, wrap) for kind in _CONVERTED for name, wrap in (("forward", _kept), ("backward", _converted))
    ]
    _conversions.append(Replaced(methods))
    if verbose:
        print(f"Gradient form for zennit's {', '.join(kind.__name__ for kind in _CONVERTED)}")
    return _conversions[0]


def _kept(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The hook's `forward`, which keeps what went in and came out. zennit 1 hands keywords over, 0.5 does not."""

    @functools.wraps(forward)
    def kept(hook: Hook, module: Any, args: tuple[Tensor, ...], *others: Any) -> None:
        forward(hook, module, args, *others)
        output = others[-1]
        hook.stored_tensors[_INPUT] = args[0]
        hook.stored_tensors[_OUTPUT] = output[0] if isinstance(output, tuple) else output

    return kept


def _converted(backward: Callable[..., Any]) -> Callable[..., Any]:
    """The hook's `backward`, gradient in and gradient out."""

    @functools.wraps(backward)
    def converted(hook: Hook, module: Any, grad_input: Any, grad_output: tuple[Tensor, ...]) -> tuple[Any, ...]:
        x, y = (hook.stored_tensors[name].detach() for name in (_INPUT, _OUTPUT))
        relevances = backward(hook, module, grad_input, (grad_output[0] * y,))
        return tuple(None if relevance is None else _over(relevance, x) for relevance in relevances)

    return converted


def _over(relevance: Tensor, x: Tensor) -> Tensor:
    """The gradient whose product with `x` is the relevance; what is zero has none."""
    nothing = x == 0
    return torch.where(nothing, 0, relevance / x.where(~nothing, 1))
