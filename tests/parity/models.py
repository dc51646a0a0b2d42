"""Tiny models with fixed weights: the same numbers here and in the process that computes the reference."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, Qwen2Config, Qwen3Config

_SIZES = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "tie_word_embeddings": False,
}
_CONFIGS = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config, "gemma3": Gemma3TextConfig}

FAMILIES = tuple(_CONFIGS)
ATTENTIONS = ("eager", "sdpa")
RULES = ("attnlrp", "cp-lrp")
IDS = [[5, 17, 3, 88, 41, 41, 9, 60, 2, 71, 33, 12, 94, 7, 28, 50]]


def fixed_model(family: str, attention: str) -> nn.Module:
    """A float32 model whose weights depend on nothing but their names' order."""
    model = AutoModelForCausalLM.from_config(_CONFIGS[family](**_SIZES), attn_implementation=attention).eval()
    numbers = np.random.RandomState(2024)  # its stream is frozen for good
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            values = numbers.standard_normal(tuple(parameter.shape)) * (0.3 if parameter.ndim > 1 else 0.1)
            parameter.copy_(torch.from_numpy(values) + (1.0 if parameter.ndim == 1 else 0.0))
    return model
