"""torch's fused attention on a CPU, with a backward pass that takes several targets at once.

torch has no batched form of this kernel's backward pass and goes back target by target, a few heads at a time; here
targets are folded into the batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.attention import SDPBackend

_aten = torch.ops.aten


def is_folded(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, options: Any) -> bool:
    """Whether torch would take the kernel that `folded_attention` is made of."""
    if query.device.type != "cpu" or query.ndim != 4 or (mask is not None and not mask.is_floating_point()):
        return False
    number = None if mask is None else mask.detach()  # what its rule says of it, the kernel need not know
    choice = torch._fused_sdp_choice(query, key, value, number, 0.0, causal, **options)
    return bool(choice == SDPBackend.FLASH_ATTENTION.value)


def folded_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float | None
) -> Tensor:
    """`F.scaled_dot_product_attention` of (batch, head, token, feature) by that kernel."""
    result: Tensor = _Attention.apply(query, key, value, mask, causal, scale)
    return result


class _Attention(Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float | None
    ) -> Tensor:
        result: Tensor
        result, logsumexp = _aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, attn_mask=mask, scale=scale
        )
        ctx.settings = (causal, scale)
        ctx.save_for_backward(query, key, value, result, logsumexp, mask)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, result, logsumexp, mask = ctx.saved_tensors
        kept = (query, key, value, result, logsumexp)
        # Of one target the kernel is called as it is: torch's way to it takes longer than the kernel on a short prompt
        back: Any = _Backward.apply if torch._C._are_functorch_transforms_active() else _Backward.forward
        to_mask = None
        if ctx.needs_input_grad[3]:
            to_mask = _mask_gradient(grad, query, key, value, result, logsumexp, mask, *ctx.settings)
        return (*back(grad, *kept, mask, *ctx.settings), to_mask, None, None)


def _mask_gradient(
    grad: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    result: Tensor,
    logsumexp: Tensor,
    mask: Tensor,
    causal: bool,
    scale: float | None,
) -> Tensor:
    """The gradient at a mask that depends on the input, which the kernel has none of: written out."""
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale) + mask
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -torch.inf)
    weights = (scores - logsumexp[..., None]).exp().nan_to_num(0.0)
    to_scores = weights * (grad @ value.mT - (grad * result).sum(-1, keepdim=True))
    return to_scores.sum_to_size(mask.shape).to(mask.dtype)


class _Backward(Function):
    """The gradients of query, key and value; under `vmap`, of every target's in one call."""

    @staticmethod
    def forward(
        grad: Tensor,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        result: Tensor,
        logsumexp: Tensor,
        mask: Tensor | None,
        causal: bool,
        scale: float | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        gradients: tuple[Tensor, Tensor, Tensor] = _aten._scaled_dot_product_flash_attention_for_cpu_backward(
            grad, query, key, value, result, logsumexp, 0.0, causal, attn_mask=mask, scale=scale
        )
        return gradients

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: there is no gradient of these gradients."""

    @staticmethod
    def vmap(info: Any, dims: tuple[int | None, ...], *args: Any) -> tuple[tuple[Tensor, ...], tuple[int, int, int]]:
        tensors = [_folded(x, dim, info.batch_size) for x, dim in zip(args[:6], dims, strict=False)]
        mask, *settings = args[6:]
        if mask is not None and mask.ndim == 4 and len(mask) > 1:
            mask = mask.repeat(info.batch_size, 1, 1, 1)
        gradients = _Backward.apply(*tensors, mask, *settings)
        return tuple(x.unflatten(0, (info.batch_size, -1)) for x in gradients), (0, 0, 0)


def _folded(x: Tensor, dim: int | None, targets: int) -> Tensor:
    """(batch, ...), alike for every target or with an axis of them, as (target x batch, ...)."""
    x = x.expand(targets, *x.shape) if dim is None else x.movedim(dim, 0)
    return x[:, 0] if x.shape[1] == 1 else x.flatten(0, 1)
