"""Each kind of operation that a model runs, with the operands it gives it, beside the rule's formula in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from engine.attribution.trust.formulas import Formula, formula_of, hands_on
from engine.attribution.trust.walking import Walk
from engine.protocol.rule_names import Attention
from engine.rules.operations import GATE, Arguments, Operation, Options, Rule, acts, depends

_OFF = 1e-6  # of a gradient, in float64
_OFF_IN_SINGLE = 1e-3  # where an operation has no float64
LARGEST = 2**26  # numbers in an operand: in float64 half a gigabyte; of larger ones no copy is made


class ByFormula:
    """Observes a forward pass. `wrong` has what differs: the operation, the part that ran it, and by how much;
    `too_large` counts kinds of operations that were left out because no copy is made of operands that large.
    """

    def __init__(self, attention: Attention) -> None:
        self.walk = Walk()
        self.tried = self.too_large = 0
        self.wrong: list[tuple[str, str, float]] = []
        self._attention = attention
        self._known: set[object] = set()

    def __call__(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        formula = self._formula(operation, rule)
        kind = (operation, rule, _described(args), _described(options.values()))
        if formula is not None and kind not in self._known and acts(args, options):
            self._known.add(kind)
            self._try(operation, rule, formula, args, options)
        return rule(operation, args, options)

    def _formula(self, operation: Operation, rule: Rule) -> Formula | None:
        if (known := formula_of(operation, self._attention)) is not None:
            return known
        if isinstance(getattr(operation, "__self__", None), nn.Module):  # an activation of several operations, as one
            return partial(hands_on, operation)
        return None

    def _try(self, operation: Operation, rule: Rule, formula: Formula, args: Arguments, options: Options) -> None:
        if _numbers([*args, *options.values()]) > LARGEST:
            self.too_large += 1
            return
        for dtype, limit in ((torch.float64, _OFF), (torch.float32, _OFF_IN_SINGLE)):
            try:
                off = _difference(operation, rule, formula, args, options, dtype)
            except (RuntimeError, NotImplementedError):  # no such operation in that type
                continue
            self.tried += 1
            if not off <= limit:
                self.wrong.append((operation.__name__, self.walk.path, off))
            return


def _described(values: Any) -> object:
    """What makes two calls of an operation alike: which operands depend on the input, and their number of axes."""
    return tuple(
        _described(x)
        if isinstance(x, list | tuple)
        else (x.ndim, depends(x), hasattr(x, GATE))
        if isinstance(x, Tensor)
        else x
        if isinstance(x, int | float | bool)
        else type(x)
        for x in values
    )


def _difference(
    operation: Operation, rule: Rule, formula: Formula, args: Arguments, options: Options, dtype: torch.dtype
) -> float:
    """How far the rule's relevance is from the formula's, of the largest."""
    found = []
    ways: tuple[Callable[..., Any], ...] = (lambda *args, **options: rule(operation, args, options), formula)
    for way in ways:
        leaves: list[Tensor] = []
        given = _copied(args, leaves, dtype)
        named = dict(zip(options, _copied(list(options.values()), leaves, dtype), strict=True))
        result = way(*given, **named)
        found.append(_relevances(given[0] if result is None and given else result, leaves))
    ours, theirs = found
    largest = max((float(x.abs().max()) for x in theirs if x.numel()), default=0.0)
    off = max((float((one - other).abs().max()) for one, other in zip(ours, theirs, strict=True) if one.numel()))
    return off / largest if largest else off


def _numbers(values: Any) -> int:
    """How many the largest operand has."""
    return max(
        (_numbers(x) if isinstance(x, list | tuple) else x.numel() if isinstance(x, Tensor) else 0 for x in values),
        default=0,
    )


def _copied(values: Any, leaves: list[Tensor], dtype: torch.dtype) -> Any:
    """The operands in another type, of which those that depend on the input do so on new leaves."""

    def copy(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(map(copy, value))
        if not isinstance(value, Tensor):
            return value
        held = value.detach().to(dtype) if value.is_floating_point() else value.detach()
        held = held.clone()
        if not depends(value):
            return held
        leaves.append(held.requires_grad_())
        operand = held * 1  # which may be overwritten
        if hasattr(value, GATE):
            setattr(operand, GATE, True)
        return operand

    return list(map(copy, values))


def _relevances(result: Any, leaves: Sequence[Tensor]) -> list[Tensor]:
    """Gradient times value of the leaves, for the same random gradients at what an operation gave."""
    outputs = [x for x in (result if isinstance(result, list | tuple) else [result]) if depends(x)]
    if not outputs:
        return [torch.zeros_like(leaf) for leaf in leaves]
    pseudo = torch.Generator().manual_seed(0)
    seeds = [torch.randn(x.shape, generator=pseudo, dtype=torch.float64).to(x) for x in outputs]
    grads = torch.autograd.grad(outputs, leaves, seeds, allow_unused=True, materialize_grads=True)
    # A mask is infinite
    return [(leaf.detach() * grad).where(grad != 0, 0) for leaf, grad in zip(leaves, grads, strict=True)]
