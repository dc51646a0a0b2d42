"""Tiny models with fixed weights: the same numbers here and in the process that computes the reference."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torchvision.models.vision_transformer import VisionTransformer
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
)

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
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_GPT2 = {"vocab_size": 96, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64}


def _config(family: str) -> PreTrainedConfig:
    match family:
        case "gpt2":
            return GPT2Config(**_GPT2)
        case "qwen3_moe":
            return Qwen3MoeConfig(**_SIZES, **_EXPERTS)
        case _:
            kinds = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config, "gemma3": Gemma3TextConfig}
            return kinds[family](**_SIZES)


FAMILIES = ("llama", "qwen2", "qwen3", "gemma3", "gpt2", "qwen3_moe")
ATTENTIONS = ("eager", "sdpa")
RULES = ("attnlrp", "cp-lrp")
CASES = tuple(
    (family, attention, rules)
    for family in FAMILIES
    for attention in ATTENTIONS
    for rules in RULES
    if (family, rules) != ("qwen3_moe", "cp-lrp")  # LXT has none for it
)
GAMMAS = tuple((conv, linear) for conv in (0.1, 0.25, 100.0) for linear in (0.0, 0.01, 0.05, 0.1, 1.0))
IDS = [[5, 17, 3, 88, 41, 41, 9, 60, 2, 71, 33, 12, 94, 7, 28, 50]]


def fixed_model(family: str, attention: str) -> nn.Module:
    """A float32 model whose weights depend on nothing but their names' order."""
    return _fixed(AutoModelForCausalLM.from_config(_config(family), attn_implementation=attention))


def fixed_vision_model() -> tuple[nn.Module, torch.Tensor]:
    """The same of torchvision, and an image (1, 3, 16, 16) for it."""
    model = _fixed(VisionTransformer(16, 4, 3, 4, 32, 64, num_classes=10))
    return model, torch.from_numpy(np.random.RandomState(7).standard_normal((1, 3, 16, 16)).astype(np.float32))


def blocks(model: nn.Module) -> nn.ModuleList:
    """The repeated parts of a fixed model."""
    return max((part for part in model.modules() if isinstance(part, nn.ModuleList | nn.Sequential)), key=_size)


def _size(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def _fixed(model: nn.Module) -> nn.Module:
    numbers = np.random.RandomState(2024)  # its stream is frozen for good
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            values = numbers.standard_normal(tuple(parameter.shape)) * (0.3 if parameter.ndim > 1 else 0.1)
            parameter.copy_(torch.from_numpy(values) + (1.0 if parameter.ndim == 1 else 0.0))
    return model.eval()
