"""What operations give to operands that do not depend on the input.

With the rules' gradients an operation is y = J x + c; relevance of grad · c is c's. Here is c of every operation that
has one: an argument that gets a gradient of its own, or what is read from the gradient as it comes by. A mask's −inf,
or the least number in its stead, gets no relevance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from engine.protocol.values import ConstantKind
from engine.rules.operations import Arguments, Operation, Options, depends
from engine.rules.table import forms

Read = Callable[[Tensor], Tensor]  # from the gradient at a result to the relevance, a number
Part = Callable[[Operation, Arguments, Options], Read | None]  # asked before the operation runs; None: it gives nothing


def product(grad: Tensor, value: Tensor) -> Tensor:
    """The sum of grad · value, in float32 or wider."""
    if grad.shape == value.shape and grad.dtype == value.dtype == wide(grad):
        return torch.dot(grad.reshape(-1), value.reshape(-1))
    return (grad.to(wide(grad)) * value).sum()


def wide(x: Tensor) -> torch.dtype:
    """The type that sums over `x` are taken in."""
    return torch.promote_types(x.dtype, torch.float32)


def whole(value: Tensor) -> Read | None:
    """Reads a constant of the result's shape, or of one that is broadcast to it."""
    value = without_masks(value)
    return (lambda grad: product(grad, value)) if value.any() else None


def _batch_norm_offset(operation: Operation, args: Arguments, options: Options) -> Read | None:
    """Of a batch norm in use, with statistics learned before: the bias and the mean together, for each channel."""
    x, *rest = args
    offset = operation(x.new_zeros(1, x.shape[1]), *rest, **options)[0]
    return whole(offset.view(-1, *(1 for _ in x.shape[2:])))


def _added(plain: Operation) -> Part:
    """The constant operand of a sum or a difference."""

    def part(operation: Operation, args: Arguments, options: Options) -> Read | None:
        operands = [*args, *(x for name, x in options.items() if name in ("input", "other"))]
        if all(depends(x) for x in operands[:2]):
            return None
        named = {k: x for k, x in options.items() if k not in ("input", "other")}
        among = [depends(x) for x in operands]
        given = [None if own else x for own, x in zip(among, operands, strict=True)]

        def value(like: Tensor) -> Tensor:
            zero = like.new_zeros(())
            return plain(*(zero if own else x for own, x in zip(among, given, strict=True)), **named)

        if any(isinstance(x, Tensor) for x in given):
            return whole(value(operands[among.index(True)]))
        return lambda grad: product(grad, value(grad))  # a number: most are added to statistics, where none arrives

    return part


def _put_in(operation: Operation, args: Arguments, options: Options) -> Read | None:
    """Operands put beside or in the place of others: what the operation gives where these are zero."""
    if not _has_constant([*args, *options.values()]):
        return None
    empty, named = [_without_dependent(x) for x in args], {k: _without_dependent(x) for k, x in options.items()}
    overwrites = operation.__name__ == "__setitem__" or operation.__name__.endswith("_")
    if overwrites:
        empty[0] = empty[0].clone()

    def read(grad: Tensor) -> Tensor:
        with torch.no_grad():
            destination = [empty[0].clone(), *empty[1:]] if overwrites else empty
            value = operation(*destination, **named)
        return product(grad, without_masks(destination[0] if value is None else value))

    return read


def _has_constant(values: Iterable[Any]) -> bool:
    return any(
        _has_constant(x) if isinstance(x, list | tuple) else isinstance(x, float) or _is_constant(x) for x in values
    )


def _is_constant(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and not value.requires_grad


def _without_dependent(value: Any) -> Any:
    """`value` with zeros, which take no memory, for the tensors in it that depend on the input."""
    if isinstance(value, list | tuple):
        return type(value)(_without_dependent(x) for x in value)
    return value.new_zeros(()).expand(value.shape) if depends(value) else value


def without_masks(value: Tensor) -> Tensor:
    if not value.is_floating_point():
        return value
    return value.where(value > torch.finfo(value.dtype).min / 2, 0)


def _table(kind: ConstantKind, part: Part, *names: str) -> dict[Operation, tuple[ConstantKind, Part]]:
    return {form: (kind, part) for name in names for form in forms(name)}


def _sums(*names: str) -> dict[Operation, tuple[ConstantKind, Part]]:
    found: dict[Operation, tuple[ConstantKind, Part]] = {}
    for name in names:
        plain = next(forms(name))
        bare = name.strip("_")
        for form in (*forms(name), *forms(name + "_"), *forms(f"__{bare}__"), *forms(f"__i{bare}__")):
            found[form] = ("added", _added(plain))
    return found


Argument = tuple[ConstantKind, int, str]  # what a constant argument is, its place and its name


def _arguments(kind: ConstantKind, place: int, argument: str, *names: str) -> dict[Operation, Argument]:
    return {form: (kind, place, argument) for name in names for form in forms(name)}


# Constants that the operation's own backward pass has a gradient for
BIASES: dict[Operation, Argument] = {
    **_arguments("bias", 2, "bias", "linear", "conv1d", "conv2d", "conv3d"),
    **_arguments("bias", 2, "bias", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    **_arguments("bias", 0, "input", "addmm", "addmv"),
    **_arguments("added", 0, "input", "baddbmm", "addbmm", "addcmul", "addcdiv"),
    **_arguments("norm bias", 3, "bias", "layer_norm", "group_norm"),
}

CONSTANTS: dict[Operation, tuple[ConstantKind, Part]] = {
    torch.batch_norm: ("norm bias", _batch_norm_offset),
    **_sums("add", "sub", "subtract", "rsub", "__radd__", "__rsub__"),
    **_table("put in", _put_in, "cat", "concat", "concatenate", "stack", "hstack", "vstack", "where", "pad", "lerp"),
    **{
        form: ("put in", _put_in)
        for name in ("masked_fill", "masked_scatter", "index_fill", "index_copy", "index_add", "index_put", "scatter")
        for form in (*forms(name), *forms(name + "_"))
    },
    **_table("put in", _put_in, "scatter_add", "scatter_add_", "select_scatter", "slice_scatter", "constant_pad_nd"),
    Tensor.__setitem__: ("put in", _put_in),
}
