"""The few gradients that make a backward pass compute relevance (AttnLRP, Achtibat et al., 2024, in the gradient form
of Arras et al., 2025): with them, relevance at any tensor is activation x gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


class _Identity(Function):
    """y = f(x) hands its relevance on unchanged (AttnLRP, eq. 9): the gradient becomes `slope` = f(x) / x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, f: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(slope(x))
        return f(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (slope,) = ctx.saved_tensors
        return grad * slope, None, None


class _Share(Function):
    """x keeps a share of the relevance that arrives at it: with 1 / n, the uniform rule (AttnLRP, eq. 7)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, share: float) -> Tensor:
        ctx.share = share
        return x.detach()  # as a view it could not be overwritten by what comes after

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad * ctx.share, None


class _Shares(Function):
    """Several tensors in one step, each with its share of the relevance that arrives at it."""

    @staticmethod
    def forward(ctx: Any, shares: Sequence[float], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.shares = shares
        return tuple(x.detach() for x in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(grad * share for grad, share in zip(grads, ctx.shares, strict=True))


class _Product(Function):
    """x * y, each with half of the relevance (AttnLRP, eq. 7). The factors are halved and not the gradient: of several
    targets there are several gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, f: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(x, y)
        return f(x, y)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, y = ctx.saved_tensors
        return grad * (y.conj() * 0.5), grad * (x.conj() * 0.5), None


class _LayerNorm(Function):
    """Layer norm whose deviation is a constant; its mean is not (AttnLRP, eq. 9 and appendix on LayerNorm).

    torch's fused backward subtracts two terms: the mean of the gradient, and its projection on the normalised input.
    The second is the deviation's, and vanishes where the input is zero; so it is given zeros for the input.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> Tensor:
        y, mean, rstd = torch.native_layer_norm(x, shape, weight, bias, eps)
        ctx.shape = shape
        ctx.save_for_backward(mean, rstd, weight)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, Tensor | None, None]:
        mean, rstd, weight = ctx.saved_tensors
        (grad_x, _, _) = torch.ops.aten.native_layer_norm_backward(
            grad, torch.zeros_like(grad), ctx.shape, torch.zeros_like(mean), rstd, weight, None, [True, False, False]
        )
        to_bias = grad.sum(tuple(range(grad.ndim - len(ctx.shape)))) if ctx.needs_input_grad[3] else None
        return grad_x, None, None, to_bias, None


class _GroupNorm(Function):
    """Group norm whose deviation is a constant; its mean is not."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        batch, channels = x.shape[:2]
        area = x[0, 0].numel()
        if not (x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)):  # which has a kernel of its own
            x = x.contiguous()
        y, mean, rstd = torch.native_group_norm(x, weight, bias, batch, channels, area, groups, eps)
        ctx.sizes = (batch, channels, area, groups)
        ctx.save_for_backward(mean, rstd, weight)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, Tensor | None, None]:
        mean, rstd, weight = ctx.saved_tensors
        grad = grad.contiguous()
        (grad_x, _, _) = torch.ops.aten.native_group_norm_backward(
            grad, torch.zeros_like(grad), torch.zeros_like(mean), rstd, weight, *ctx.sizes, [True, False, False]
        )
        to_bias = grad.sum((0, *range(2, grad.ndim))) if ctx.needs_input_grad[3] else None
        return grad_x, None, None, to_bias, None


class _Scaled(Function):
    """A norm by channels whose deviation is a constant: x less its mean over `axes` is multiplied by numbers. Without
    axes the mean is a number too.

    torch's own backward of batch norm for a CPU is wrong for gradients of some strides (2.14: (16, 1, 64, 16)).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, axes: tuple[int, ...], f: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.axes = axes
        ctx.save_for_backward(scale)
        return f(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (scale,) = ctx.saved_tensors
        to_x = grad * scale
        if ctx.axes:
            to_x = to_x - to_x.mean(ctx.axes, keepdim=True)
        return to_x, None, None, None


class _RmsNorm(Function):
    """RMS norm whose root mean square is a constant: x is multiplied by numbers, and so is the gradient.

    torch's kernel for x without gaps gives the root mean square along with the result, bit for bit the same.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, f: Callable[[Tensor], Tensor], axes: int, weight: Tensor | None, eps: float
    ) -> Tensor:
        if x.is_contiguous():
            normed: tuple[Tensor, Tensor] = torch.ops.aten._fused_rms_norm(x, x.shape[-axes:], weight, eps)
            y, rstd = normed
            ctx.save_for_backward(rstd.to(x.dtype), weight)
            return y
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        rstd = (wide.square().mean(dim=tuple(range(-axes, 0)), keepdim=True) + eps).rsqrt().to(x.dtype)
        ctx.save_for_backward(rstd, weight)
        return f(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        rstd, weight = ctx.saved_tensors
        return (grad if weight is None else grad * weight) * rstd, None, None, None, None


def identity(x: Tensor, f: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Tensor:
    """`f(x)`, with f(x) / x for a gradient."""
    result: Tensor = _Identity.apply(x, f, slope)
    return result


def share(x: Tensor, part: float) -> Tensor:
    """`x`, with `part` of its gradient."""
    result: Tensor = _Share.apply(x, part)
    return result


def shares(tensors: Sequence[Tensor], parts: Sequence[float]) -> tuple[Tensor, ...]:
    """`tensors`, all of which depend on the input, with the `parts` of their gradients."""
    result: tuple[Tensor, ...] = _Shares.apply(parts, *tensors)
    return result


def product(x: Tensor, y: Tensor, f: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """`f(x, y)`, x * y of tensors of one shape, with half of each one's gradient."""
    result: Tensor = _Product.apply(x, y, f)
    return result


def layer_norm(x: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """`F.layer_norm` with a constant deviation."""
    result: Tensor = _LayerNorm.apply(x, shape, weight, bias, eps)
    return result


def group_norm(x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """`F.group_norm` with a constant deviation."""
    result: Tensor = _GroupNorm.apply(x, groups, weight, bias, eps)
    return result


def scaled(x: Tensor, scale: Tensor, axes: tuple[int, ...], f: Callable[[Tensor], Tensor]) -> Tensor:
    """`f(x)`, a norm that multiplies x, less its mean over `axes`, by `scale`, which is broadcast to it."""
    result: Tensor = _Scaled.apply(x, scale, axes, f)
    return result


def rms_norm(x: Tensor, f: Callable[[Tensor], Tensor], axes: int, weight: Tensor | None, eps: float) -> Tensor:
    """`f(x)`, an RMS norm over the last `axes` axes, with a constant root mean square."""
    result: Tensor = _RmsNorm.apply(x, f, axes, weight, eps)
    return result
