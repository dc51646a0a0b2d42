"""Gates, products by an activation's output, which CP-LRP takes for products by a number; also where the activation is
written out, x sigmoid(x) or x (1 + erf(x)) / 2. Tensors are marked on the way: an activation's output, and the numbers
that make one of what they are multiplied with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.rules.operations import (
    GATE,
    OPENS,
    Arguments,
    Operation,
    Options,
    Rule,
    by_constant,
    constant,
    depends,
    own_gradient,
    product,
)


def gated(operation: Operation, args: Arguments, options: Options) -> Any:
    """A product by an activation's output is a product by a number; any other is uniform (CP-LRP for gated MLPs)."""
    gates = [i for i, x in enumerate(args[:2]) if depends(x) and hasattr(x, GATE)]
    if len(gates) == 1 and depends(args[1 - gates[0]]):
        held = list(args)
        held[gates[0]] = args[gates[0]].detach()
        return operation(*held, **options)
    return product(operation, args, options)


def gate(operation: Operation, args: Arguments, options: Options) -> Any:
    """The result is a number, by which an activation that is written out multiplies: x sigmoid(x)."""
    result = constant(operation, args, options)
    setattr(result, OPENS, True)
    return result


gate.__name__ = constant.__name__


def gate_of_numbers(operation: Operation, args: Arguments, options: Options) -> Any:
    """An operation on numbers alone. What is made of a gate is one still: (1 + erf(x)) / 2."""
    result = operation(*args, **options)
    if any(hasattr(x, OPENS) for x in args):
        setattr(result, OPENS, True)
    return result


def sum_of_gates(operation: Operation, args: Arguments, options: Options) -> Any:
    """`own_gradient`, for sums that make a gate of a gate where all they are given are numbers."""
    return operation(*args, **options)


sum_of_gates.__name__ = own_gradient.__name__
# What runs where no operand depends on the input, which for other rules is the operation as it is
ON_NUMBERS: Mapping[Rule, Rule] = dict.fromkeys((gated, by_constant, sum_of_gates), gate_of_numbers)
