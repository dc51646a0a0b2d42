"""Weights in 4 or 8 bits, through bitsandbytes."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn
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
    if quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def keep_gradients(module: nn.Module) -> None:
    """Has every 4-bit layer compute in the way that has gradients.

    On a CPU with AVX512 bitsandbytes repacks the weights in the first forward without gradients, and drops their
    part of every gradient from then on, without a word.
    """
    layers: Iterable[Any] = module.modules()
    for layer in layers:
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
