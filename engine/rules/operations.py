"""Rules on operations. A rule is called in place of its operation, and returns what the operation would, bit for bit,
with another gradient. An operand depends on the input where it requires a gradient; parameters are constants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.rules import gradients
from engine.rules.attention import folded_attention, is_folded
from engine.rules.slopes import Slope

Operation = Callable[..., Any]
Arguments = Sequence[Any]
Options = Mapping[str, Any]
Rule = Callable[[Operation, Arguments, Options], Any]

GATE = "_is_activation_output"  # marks a tensor: CP-LRP takes a product by it for one by a number
OPENS = "_is_gate"  # marks a number: a product by it is an activation's output


def depends(value: object) -> bool:
    """Whether `value` is a tensor that depends on the input."""
    return isinstance(value, Tensor) and value.requires_grad


def acts(args: Arguments, options: Options) -> bool:
    """Whether an operation with these arguments has a gradient to shape."""
    return (_any_depends(args) or _any_depends(options.values())) and torch.is_grad_enabled()


def own_gradient(operation: Operation, args: Arguments, options: Options) -> Any:
    """The operation's own gradient is its rule."""
    return operation(*args, **options)


def constant(operation: Operation, args: Arguments, options: Options) -> Any:
    """The result is a number: no relevance passes."""
    with torch.no_grad():
        return operation(*args, **options)


def off(operation: Operation, args: Arguments, options: Options) -> Any:
    """The operation (dropout) hands its input on."""
    return args[0] if args else options["input"]


def identity(slope: Slope) -> Rule:
    """f(x) hands its relevance on unchanged: the gradient is `slope`, f(x) / x (AttnLRP, eq. 9)."""

    def rule(operation: Operation, args: Arguments, options: Options) -> Any:
        x, rest, options = _first(args, options)
        options = {k: v for k, v in options.items() if k != "inplace"}
        result = gradients.identity(x, lambda t: operation(t, *rest, **options), lambda t: slope(t, *rest, **options))
        setattr(result, GATE, True)
        return result

    rule.__name__ = identity.__name__
    return rule


def uniform(operation: Operation, args: Arguments, options: Options) -> Any:
    """A product of n factors that depend on the input: each gets 1 / n of the relevance (AttnLRP, eq. 7)."""
    factors = _dependent([*args, *options.values()])
    result = operation(*args, **options)
    return result if factors < 2 else gradients.share(result, 1 / factors)


def product(operation: Operation, args: Arguments, options: Options) -> Any:
    """`uniform` for x * y element by element; where both have one shape, in fewer steps."""
    x, y = args if len(args) == 2 else _bind(args, options, input=..., other=...)
    if not (depends(x) and depends(y)):
        result = operation(*args, **options)
        if hasattr(x, OPENS) or hasattr(y, OPENS):
            setattr(result, GATE, True)
        return result
    if (x.shape, x.dtype) == (y.shape, y.dtype):
        return gradients.product(x, y, operation)
    return uniform(operation, args, options)


product.__name__ = uniform.__name__


def factors(**places: int) -> Rule:
    """A sum with a product in one operation, as `addmm` or `linear`: of the operands at these places, by these names,
    those that depend on the input share the product's relevance; the sum passes relevance on (AttnLRP, eq. 7)."""

    first, last = min(places.values()), max(places.values())

    def rule(operation: Operation, args: Arguments, options: Options) -> Any:
        if len(args) > last and sum(map(depends, args[first : last + 1])) < 2:  # as a model's own weights do not
            return operation(*args, **options)
        given = {name: args[i] if i < len(args) else options.get(name) for name, i in places.items()}
        among = {name: x for name, x in given.items() if isinstance(x, Tensor) and x.requires_grad}
        if len(among) < 2:
            return operation(*args, **options)
        shared = gradients.shares(list(among.values()), [1 / len(among)] * len(among))
        args, options = list(args), dict(options)
        for name, x in zip(among, shared, strict=True):
            if places[name] < len(args):
                args[places[name]] = x
            else:
                options[name] = x
        return operation(*args, **options)

    rule.__name__ = uniform.__name__
    return rule


by_weights = factors(input=0, weight=1)  # of a linear map or convolution, whose weights may depend on the input
by_weights.__name__ = own_gradient.__name__


def plus_quotient(operation: Operation, args: Arguments, options: Options) -> Any:
    """a + b / c, as `addcdiv` computes it: the sum passes relevance on, the denominator is a number."""
    args = [x.detach() if i == 2 else x for i, x in enumerate(args)]
    options = {k: x.detach() if k == "tensor2" else x for k, x in options.items()}
    return operation(*args, **options)


def interpolated(operation: Operation, args: Arguments, options: Options) -> Any:
    """a + w (b − a), as `lerp` computes it: the sum passes relevance on, the product is uniform."""
    a, b, weight = _bind(args, options, input=..., end=..., weight=...)
    if not depends(weight) or not (depends(a) or depends(b)):
        return operation(*args, **options)
    written = a + gradients.share(weight, 0.5) * gradients.share(b - a, 0.5)
    return operation(a.detach(), b.detach(), weight.detach()) + (written - written.detach())


def by_constant(operation: Operation, args: Arguments, options: Options) -> Any:
    """A quotient whose denominator is a number: statistics are constants (AttnLRP, eq. 9 for normalisations)."""
    x, y = _bind(args, options, input=..., other=...)
    rest = {k: v for k, v in options.items() if k not in ("input", "other")}
    return operation(x, y.detach() if isinstance(y, Tensor) else y, *args[2:], **rest)


def solved_by_constant(operation: Operation, args: Arguments, options: Options) -> Any:
    """X in A X = B is B over A, which is a number as a denominator is: the delta rule's state is a linear map."""
    matrix, right = _bind(args, options, A=..., B=...)
    rest = {k: v for k, v in options.items() if k not in ("A", "B")}
    return operation(matrix.detach(), right, *args[2:], **rest)


def power(operation: Operation, args: Arguments, options: Options) -> Any:
    """x^n hands its relevance on: the gradient over the exponent. A root or a negative power is a statistic."""
    exponent = args[1] if len(args) > 1 else options.get("exponent", 2)
    if isinstance(exponent, Tensor):
        exponent = exponent.item() if exponent.numel() == 1 and not depends(exponent) else 0
    if exponent < 1:
        return constant(operation, args, options)
    result = operation(*args, **options)
    if exponent != 1:
        result = gradients.share(result, 1 / exponent)
    if hasattr(args[0] if args else options["input"], GATE):  # as the square of a ReLU
        setattr(result, GATE, True)
    return result


def in_place(rule: Rule, plain: Operation) -> Rule:
    """`rule` for the operation's form that overwrites its first operand."""

    def overwriting(operation: Operation, args: Arguments, options: Options) -> Any:
        return args[0].copy_(rule(plain, (args[0].clone(), *args[1:]), options))

    overwriting.__name__ = rule.__name__
    return overwriting


# -- attention --------------------------------------------------------------------------------


def split_between(query: float, key: float, value: float) -> Rule:
    """Fused attention: the shares that two uniform products and the softmax's gradient come to (AttnLRP, 3.3).

    Where some of the three are numbers, a product with a number is linear, and the others get what it would have had:
    the value half of what arrives beside a query or a key, and all of it beside none. A mask that depends on the input
    is added to the product of query and key, and has what arrives there.
    """
    pattern = query + key

    def rule(operation: Operation, args: Arguments, options: Options) -> Any:
        operands, rest, options = attention_operands(args, options)
        rest, options, mask = _without_mask(rest, options)
        by_query, by_key, by_value, by_mask = map(depends, (*operands, mask))
        beside = pattern if by_value else 1.0  # of what arrives, to the pattern
        parts = (
            (query if by_key else pattern) * beside / pattern,
            (key if by_query else pattern) * beside / pattern,
            value if by_query or by_key or by_mask else 1.0,
            beside,
        )
        given = [*operands, mask]
        among = [i for i, x in enumerate(given) if depends(x)]
        if len(among) > 1:
            shared = gradients.shares([given[i] for i in among], [parts[i] for i in among])
            for i, x in zip(among, shared, strict=True):
                given[i] = x
        q, k, v, mask = given
        return _attended(operation, q, k, v, mask, rest, options)

    rule.__name__ = split_between.__name__
    return rule


def constant_pattern(operation: Operation, args: Arguments, options: Options) -> Any:
    """Fused attention whose weights are numbers: query, key and mask get no relevance (CP-LRP, Ali et al., 2022)."""
    (q, k, v), rest, options = attention_operands(args, options)
    rest, options, mask = _without_mask(rest, options)
    mask = mask.detach() if isinstance(mask, Tensor) else mask
    return _attended(operation, q.detach(), k.detach(), v, mask, rest, options)


def _without_mask(rest: Sequence[Any], options: Options) -> tuple[list[Any], Options, Any]:
    """The other arguments of attention without its mask, and the mask."""
    if rest:
        return [None, *rest[1:]], options, rest[0]
    return [], _without(options, "attn_mask"), options.get("attn_mask")


def _attended(
    operation: Operation, q: Tensor, k: Tensor, v: Tensor, mask: Any, rest: Arguments, options: Options
) -> Any:
    (_, _, causal) = _bind(rest, options, attn_mask=None, dropout_p=0.0, is_causal=False)
    chosen = {name: options[name] for name in ("scale", "enable_gqa") if name in options}
    if is_folded(q, k, v, mask, causal, chosen):
        return folded_attention(q, k, v, mask, causal, chosen.get("scale"))
    return operation(q, k, v, mask, *rest[1:], **options)


def attention_operands(args: Arguments, options: Options) -> tuple[list[Tensor], list[Any], Options]:
    """Query, key and value; the other arguments by place and by name, without dropout."""
    named = dict(options)
    operands = [*args[:3], *(named.pop(name) for name in ("query", "key", "value")[len(args) :])]
    rest = list(args[3:])
    if len(rest) > 1:
        rest[1] = 0.0  # dropout is off
    else:
        named["dropout_p"] = 0.0
    return operands, rest, named


# -- normalisations --------------------------------------------------------------------------------


def layer_norm(operation: Operation, args: Arguments, options: Options) -> Any:
    """Layer norm with a constant deviation, in torch's fused kernels."""
    x, shape, weight, bias, eps = _bind(
        args, options, input=..., normalized_shape=..., weight=None, bias=None, eps=1e-5
    )
    return gradients.layer_norm(x, shape, weight, bias, eps)


def rms_norm(operation: Operation, args: Arguments, options: Options) -> Any:
    """RMS norm with a constant root mean square."""
    x, shape, weight, eps = _bind(args, options, input=..., normalized_shape=..., weight=None, eps=None)
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    return gradients.rms_norm(
        x, lambda t: operation(t, *args[1:], **_without(options, "input")), len(shape), weight, eps
    )


def batch_norm(operation: Operation, args: Arguments, options: Options) -> Any:
    """Batch norm, or instance norm: with a constant deviation, learned before or of its own input."""
    x, weight, _, _, var, own, _, eps, *_ = args
    axes = tuple(range(2, x.ndim)) if operation is torch.instance_norm else (0, *range(2, x.ndim))
    channels = (1, -1, *(1 for _ in x.shape[2:]))
    axes = axes if own or var is None else ()
    deviation = x.detach().var(axes, unbiased=False, keepdim=True) if axes else var.view(channels)
    scale = (deviation.to(torch.promote_types(deviation.dtype, torch.float32)) + eps).rsqrt()
    scale = (scale if weight is None else scale * weight.view(channels)).to(x.dtype)
    return gradients.scaled(x, scale, axes, lambda t: operation(t, *args[1:], **options))


def group_norm(operation: Operation, args: Arguments, options: Options) -> Any:
    """Group norm with constant deviations."""
    x, groups, weight, bias, eps = _bind(args, options, input=..., num_groups=..., weight=None, bias=None, eps=1e-5)
    return gradients.group_norm(x, groups, weight, bias, eps)


def _any_depends(values: Iterable[Any]) -> bool:
    for value in values:  # asked of every operation: a loop takes half the time of `any`
        if isinstance(value, Tensor):
            if value.requires_grad:
                return True
        elif isinstance(value, list | tuple) and _any_depends(value):
            return True
    return False


def _bind(args: Arguments, options: Options, **names: Any) -> list[Any]:
    """The arguments in the order of `names`, with their defaults."""
    return [args[i] if i < len(args) else options.get(name, default) for i, (name, default) in enumerate(names.items())]


def _first(args: Arguments, options: Options) -> tuple[Tensor, Arguments, Options]:
    return (args[0], args[1:], options) if args else (options["input"], (), _without(options, "input"))


def _without(options: Options, name: str) -> Options:
    return {k: v for k, v in options.items() if k != name}


def _dependent(args: Iterable[Any]) -> int:
    """How many operands depend on the input; those of `einsum` may come as one sequence."""
    return sum(_dependent(x) if isinstance(x, list | tuple) else depends(x) for x in args)
