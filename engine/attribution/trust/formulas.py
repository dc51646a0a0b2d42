"""The rules once more, as formulas whose plain gradient is the rule's: what the self-test holds the rules to.

Nothing here is used to explain, and nothing of the rules' own code is used here but the names of operations: each
formula is written out from its paper, slowly. A tensor that counts as a number is detached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol.rule_names import Attention
from engine.rules.operations import GATE, Operation, depends
from engine.rules.table import forms

# Called as the operation is, with tensors that may be overwritten; None: the operation overwrites its first argument
Formula = Callable[..., Any]


def formula_of(operation: Operation, attention: Attention) -> Formula | None:
    """How the operation is computed where its plain gradient is to be the rule's; None where none is known."""
    if (formula := _BY_ATTENTION.get(operation)) is not None:
        return partial(formula, operation, attention)
    formula = _FORMULAS.get(operation)
    return None if formula is None else partial(formula, operation)


def hands_on(operation: Operation, x: Tensor, *rest: Any, **options: Any) -> Tensor:
    """f(x) as x times the number f(x) / x (AttnLRP, eq. 9)."""
    y = operation(x.detach().clone(), *rest, **options)
    return x * torch.where(x.detach() == 0, torch.ones_like(y), y / x.detach())


def _part(x: Any, share: float) -> Any:
    """x, of whose gradient a share goes on."""
    return share * x + ((1 - share) * x).detach() if depends(x) else x


def _dependent(values: Any) -> int:
    return sum(_dependent(x) if isinstance(x, list | tuple) else depends(x) for x in values)


def _shared(value: Any, among: int) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_shared(x, among) for x in value)
    return _part(value, 1 / among)


def _uniform(operation: Operation, *args: Any, **options: Any) -> Any:
    """A product of n that depend on the input, 1 / n each (AttnLRP, eq. 7)."""
    among = max(1, _dependent([*args, *options.values()]))
    return operation(*_shared(args, among), **{name: _shared(x, among) for name, x in options.items()})


def _product(operation: Operation, attention: Attention, *args: Any, **options: Any) -> Any:
    gates = [i for i, x in enumerate(args[:2]) if depends(x) and hasattr(x, GATE)]
    if attention == "cp" and len(gates) == 1 and depends(args[1 - gates[0]]):
        return operation(*(x.detach() if i == gates[0] else x for i, x in enumerate(args)), **options)
    return _uniform(operation, *args, **options)


def _sum_with_product(names: str, operation: Operation, *args: Any, **options: Any) -> Any:
    """The operands of these `names`, "-" being one of the sum's, are multiplied."""
    places = [(i, name) for i, name in enumerate(names.split()) if name != "-"]
    factors = [args[i] if i < len(args) else options[name] for i, name in places]
    among = max(1, _dependent(factors))
    at = {i if i < len(args) else name: _part(x, 1 / among) for (i, name), x in zip(places, factors, strict=True)}
    return operation(*(at.get(i, x) for i, x in enumerate(args)), **{k: at.get(k, x) for k, x in options.items()})


def _quotient(operation: Operation, x: Any, y: Any, *rest: Any, **options: Any) -> Any:
    return operation(x, y.detach() if isinstance(y, Tensor) else y, *rest, **options)


def _power(operation: Operation, x: Tensor, exponent: Any = 2, **options: Any) -> Any:
    number = float(exponent)
    y = operation(x, *([] if "square" in operation.__name__ else [exponent]), **options)
    return y.detach() if number < 1 else _part(y, 1 / number)


def _number(operation: Operation, *args: Any, **options: Any) -> Any:
    with torch.no_grad():
        return operation(*args, **options)


def _as_it_is(operation: Operation, x: Any, *rest: Any, **options: Any) -> Any:
    return x


def _solved(operation: Operation, matrix: Tensor, right: Tensor, **options: Any) -> Any:
    return operation(matrix.detach(), right, **options)


def _lerp(operation: Operation, a: Any, b: Any, weight: Any, **options: Any) -> Any:
    share = 0.5 if depends(weight) and (depends(a) or depends(b)) else 1
    return a + _part(weight, share) * _part(b - a, share)


def _softmax(operation: Operation, attention: Attention, *args: Any, **options: Any) -> Any:
    """With its own gradient under AttnLRP, a number under CP-LRP (Ali et al., 2022)."""
    y = operation(*args, **options)
    return y.detach() if attention == "cp" else y


def _attention(
    operation: Operation,
    rule: Attention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(q k) v, written out: two uniform products, and the softmax between them (AttnLRP, section 3.3)."""
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    both = 0.5 if depends(query) and depends(key) else 1
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = scale * _part(query, both) @ _part(key, both).transpose(-1, -2)
    if is_causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    if attn_mask is not None:
        masked = (
            attn_mask
            if attn_mask.dtype != torch.bool
            else torch.zeros_like(scores).masked_fill(~attn_mask, float("-inf"))
        )
        scores = scores + masked
    pattern = scores.softmax(-1)
    if attn_mask is not None:
        pattern = pattern.nan_to_num(0.0)  # of a query that sees nothing, as torch has it
    if rule == "cp":
        pattern = pattern.detach()
    share = 0.5 if depends(pattern) and depends(value) else 1
    given: Tensor = _part(pattern, share) @ _part(value, share)
    return given


def _normed(x: Tensor, axes: tuple[int, ...], eps: float, centred: bool = True) -> Tensor:
    """x, less its mean, over a deviation that is a number (AttnLRP, eq. 9 for normalisations)."""
    less = x - x.mean(axes, keepdim=True) if centred else x
    return less / (less.detach().square().mean(axes, keepdim=True) + eps).sqrt()


def _layer_norm(
    operation: Operation, x: Tensor, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
) -> Tensor:
    y = _normed(x, tuple(range(-len(shape), 0)), eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _rms_norm(operation: Operation, x: Tensor, shape: Any, weight: Any = None, eps: float | None = None) -> Tensor:
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    y = _normed(x, tuple(range(-len(shape), 0)), eps, centred=False)
    return y if weight is None else y * weight


def _by_channel(value: Any, x: Tensor) -> Any:
    return value.view(1, -1, *(1 for _ in x.shape[2:]))


def _group_norm(
    operation: Operation, x: Tensor, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
) -> Tensor:
    grouped = x.reshape(len(x), groups, -1, *x.shape[2:])
    y = _normed(grouped, tuple(range(2, grouped.ndim)), eps).reshape(x.shape)
    y = y if weight is None else y * _by_channel(weight, x)
    return y if bias is None else y + _by_channel(bias, x)


def _channel_norm(
    operation: Operation, x: Tensor, weight: Any, bias: Any, mean: Any, var: Any, own: bool, _: float, eps: float,
    *rest: Any,
) -> Tensor:  # fmt: skip
    if own or var is None:
        y = _normed(x, (*(() if operation is torch.instance_norm else (0,)), *range(2, x.ndim)), eps)
    else:
        y = (x - _by_channel(mean, x)) / (_by_channel(var, x) + eps).sqrt()
    y = y if weight is None else y * _by_channel(weight, x)
    return y if bias is None else y + _by_channel(bias, x)


def _named(names: str) -> Iterator[Operation]:
    for name in names.split():
        for written in (name, name + "_", f"__{name}__", f"__r{name}__", f"__i{name}__"):
            yield from forms(written)


_ROWS: dict[str, Callable[..., Any]] = {
    "silu gelu relu relu6 leaky_relu prelu tanh elu celu selu mish hardswish hardtanh softsign": hands_on,
    "matmul mm bmm mv dot einsum outer grouped_mm _grouped_mm": _uniform,
    "baddbmm addbmm": partial(_sum_with_product, "- batch1 batch2"),
    "addmm": partial(_sum_with_product, "- mat1 mat2"),
    "addmv": partial(_sum_with_product, "- mat vec"),
    "addr": partial(_sum_with_product, "- vec1 vec2"),
    "addcmul": partial(_sum_with_product, "- tensor1 tensor2"),
    "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d": partial(
        _sum_with_product, "input weight"
    ),
    "bilinear": partial(_sum_with_product, "input1 input2 weight"),
    "addcdiv": lambda operation, a, b, c, **options: operation(a, b, c.detach(), **options),
    "lerp": _lerp,
    "div divide true_divide": _quotient,
    "pow square": _power,
    "sqrt rsqrt reciprocal var std norm sigmoid hardsigmoid exp exp2 expm1 softplus": _number,
    "log_sigmoid erf erfc logsumexp": _number,
    "dropout alpha_dropout feature_alpha_dropout dropout1d dropout2d dropout3d": _as_it_is,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
}
_FORMULAS: dict[Operation, Callable[..., Any]] = {
    **{operation: formula for names, formula in _ROWS.items() for operation in _named(names)},
    torch.batch_norm: _channel_norm,
    torch.instance_norm: _channel_norm,
    torch.linalg.vector_norm: _number,
    torch.linalg.solve_triangular: _solved,
    Tensor.__rdiv__: _number,  # a number over x
    Tensor.__rpow__: _number,
}
# These know whose shares attention's operands get
_BY_ATTENTION: dict[Operation, Callable[..., Any]] = {
    **dict.fromkeys(_named("softmax"), _softmax),
    **dict.fromkeys(_named("mul multiply"), _product),
    F.scaled_dot_product_attention: _attention,
}
