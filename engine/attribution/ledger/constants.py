"""Constants of operations: the relevance of operands that do not depend on the input.

With the rules' gradients an operation is y = J x + c; relevance of grad · c is c's. Here is c of every operation that
has one: an argument that gets a gradient of its own, or what is read from the gradient as it comes by. A mask's −inf,
or the least number in its stead, gets no relevance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from engine.protocol.values import ConstantKind
from engine.rules.operations import Arguments, Operation, Options, depends
from engine.rules.table import forms

_WIDE = (torch.float32, torch.float64)
Read = Callable[[Tensor], Tensor]  # from the gradient at a result to the relevance, a number
Part = Callable[[Operation, Arguments, Options], Read | None]  # asked before the operation runs; None: it gives nothing


def product(grad: Tensor, value: Tensor) -> Tensor:
    """The sum of grad · value, in float32 or wider."""
    if (
        grad.dtype in _WIDE
        and grad.dtype == value.dtype
        and grad.shape == value.shape
        and grad.is_contiguous()
        and value.is_contiguous()
    ):
        return torch.dot(grad.view(-1), value.view(-1))
    return (grad.to(wide(grad)) * value).sum()


def wide(x: Tensor) -> torch.dtype:
    """The type that sums over `x` are taken in."""
    return x.dtype if x.dtype in _WIDE else torch.promote_types(x.dtype, torch.float32)


def whole(value: Tensor, factor: float = 1) -> Read | None:
    """Reads `factor` times a constant of the result's shape, or of one that is broadcast to it."""
    if value.is_floating_point() and value.numel() and not float(value.amin()) > _least(value.dtype):
        value = without_masks(value)
    return (lambda grad: product(grad, value) * factor) if value.any() else None


def _batch_norm_offset(operation: Operation, args: Arguments, options: Options) -> Read | None:
    """Of a batch or instance norm, for each channel: the bias, with the mean where that was learned before."""
    x, _, bias, mean, _, own, *_ = args
    if own or mean is None:
        return None if bias is None else whole(bias.detach().view(-1, *(1 for _ in x.shape[2:])))
    normed: Operation = torch.batch_norm
    offset = normed(x.new_zeros(1, x.shape[1]), *args[1:5], False, *args[6:], **options)[0]
    return whole(offset.view(-1, *(1 for _ in x.shape[2:])))


def _added(sign: int, swapped: bool = False) -> Part:
    """The constant operand of a + sign · alpha · b, or of one that calls a the other."""

    def part(operation: Operation, args: Arguments, options: Options) -> Read | None:
        a, b = args if len(args) == 2 else [*args[:2], *(options[n] for n in ("input", "other") if n in options)]
        if depends(a) and depends(b):
            return None
        if swapped:
            a, b = b, a
        value, factor = (b, sign * options.get("alpha", 1)) if depends(a) else (a, 1)
        if isinstance(value, Tensor):
            return whole(value if isinstance(value, Parameter) else value.clone(), factor)  # it may be overwritten
        # Most numbers are added to statistics, where no relevance arrives
        return lambda grad: grad.to(wide(grad)).sum() * (value * factor)

    return part


def _put_in(operation: Operation, args: Arguments, options: Options) -> Read | None:
    """Operands put beside or in the place of others: the operation's result with zeros for those others."""
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
    """`value` with zeros for its tensors that depend on the input; the zeros take no memory."""
    if isinstance(value, list | tuple):
        return type(value)(_without_dependent(x) for x in value)
    return value.new_zeros(()).expand(value.shape) if depends(value) else value


def without_masks(value: Tensor) -> Tensor:
    if not value.is_floating_point():
        return value
    return value.where(value > _least(value.dtype), 0)


@cache
def _least(dtype: torch.dtype) -> float:
    """What is less is a mask."""
    return torch.finfo(dtype).min / 2


def _table(kind: ConstantKind, part: Part, *names: str) -> dict[Operation, tuple[ConstantKind, Part]]:
    return {form: (kind, part) for name in names for form in forms(name)}


def _sums(part: Part, *names: str) -> dict[Operation, tuple[ConstantKind, Part]]:
    written = [form for name in names for form in (name, name + "_", f"__{name}__", f"__i{name}__")]
    return _table("added", part, *written)


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
    torch.instance_norm: ("norm bias", _batch_norm_offset),
    **_sums(_added(1), "add", "radd"),
    **_sums(_added(-1), "sub", "subtract"),
    **_sums(_added(-1, swapped=True), "rsub"),
    **_table("put in", _put_in, "cat", "concat", "concatenate", "stack", "hstack", "vstack", "where", "pad", "lerp"),
    **{
        form: ("put in", _put_in)
        for name in ("masked_fill", "masked_scatter", "index_fill", "index_copy", "index_add", "index_put", "scatter")
        for form in (*forms(name), *forms(name + "_"))
    },
    **_table("put in", _put_in, "fill", "fill_", "copy", "copy_"),
    **_table("put in", _put_in, "scatter_add", "scatter_add_", "select_scatter", "slice_scatter", "constant_pad_nd"),
    Tensor.__setitem__: ("put in", _put_in),
}
