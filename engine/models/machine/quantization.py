"""Weights in 4 or 8 bits, through bitsandbytes."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BitsAndBytesConfig

from engine.protocol.failures import ModelError
from engine.protocol.values import Quantization


def quantized_as(quantization: Quantization, dtype: torch.dtype) -> BitsAndBytesConfig:
    """The settings for weights in `quantization`, computed with in `dtype`. Raises ModelError without the package."""
    missing = [name for name in ("bitsandbytes", "accelerate") if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"Opening a model in {quantization} needs {' and '.join(missing)}: pip install lxt-inspector[quantized]"
        )
    settings: Callable[..., BitsAndBytesConfig] = BitsAndBytesConfig
    if quantization == "8bit":
        return settings(load_in_8bit=True)
    return settings(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def is_quantized(layer: nn.Module) -> bool:
    """Whether `layer` is a linear map in 4 or 8 bits, which bitsandbytes computes in a kernel of its own."""
    return isinstance(layer, nn.Linear) and (hasattr(layer.weight, "quant_state") or is_in_8_bits(layer))


def is_in_8_bits(layer: nn.Module) -> bool:
    """Whether `layer` is a linear map in 8 bits, to which its input is rounded as well."""
    return hasattr(getattr(layer, "weight", None), "SCB")


def keep_gradients(module: nn.Module, dtype: torch.dtype) -> None:
    """Has every 4-bit layer compute in the way that has gradients, and sees that a quantized layer of each kind does.

    On a CPU with AVX512 bitsandbytes repacks the weights in the first forward without gradients, and drops their
    part of every gradient from then on, without a word. Raises ModelError where that, or its like, happens.
    """
    layers: list[Any] = [layer for layer in module.modules() if is_quantized(layer)]
    for layer in layers:
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
    for layer in {type(layer): layer for layer in layers}.values():
        x = torch.linspace(-1, 1, layer.in_features, dtype=dtype, device=layer.weight.device)[None]
        before = _gradient(layer, x)
        with torch.no_grad():
            layer(x)
        if not torch.allclose(_gradient(layer, x), before, rtol=1e-2, atol=1e-2 * float(before.abs().max())):
            raise ModelError(
                f"The installed bitsandbytes loses gradients of {type(layer).__name__} on {x.device}, on which "
                "relevance rests: open the model without quantization, or install another version."
            )


def _gradient(layer: nn.Module, x: Tensor) -> Tensor:
    """What the sum of all that `layer` makes of `x` gives back to it."""
    x = x.clone().requires_grad_()
    with torch.enable_grad():
        layer(x).sum().backward(inputs=[x])
    assert x.grad is not None
    return x.grad
