"""Tiny random language models of many families: one line a family."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

_SIZES: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GPT2 = {
    "vocab_size": 96,
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "n_positions": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
}

# model_type -> what differs from the sizes above; those in BIAS_FREE have no constants, so relevance is the whole logit
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {},
    "qwen2": {},
    "qwen3": {},
    "gemma": {},
    "gemma2": {},
    "gemma3_text": {},
    "phi3": {},
    "olmo": {},
    "olmo2": {},
    "cohere": {},
    "smollm3": {},
    "glm4": {},
    "granite": {},
    "stablelm": {},
    "starcoder2": {},
    "mixtral": {"num_local_experts": 4, "num_experts_per_tok": 2},
    "gpt2": _GPT2,
    "gpt_neox": {},
    "gptj": {**_GPT2, "rotary_dim": 4},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"n_layer": 3, "n_head": 4},
    "falcon": {"head_dim": None},
}

BIAS_FREE = (
    *("llama", "mistral", "qwen3", "gemma", "gemma2", "gemma3_text", "phi3", "olmo", "olmo2", "cohere", "smollm3"),
    *("glm4", "granite"),
)

IDS = [5, 17, 3, 88, 41, 41, 9, 60, 12, 71, 33, 12, 94, 7, 28, 50]


def tiny(family: str, dtype: torch.dtype = torch.float32, **options: Any) -> nn.Module:
    """A model of `family` with seeded weights, large enough that every path carries relevance."""
    differing = FAMILIES[family]
    sizes = dict(differing) if differing.get("n_embd") else {**_SIZES, **differing}
    sizes = {name: size for name, size in sizes.items() if size is not None}
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **sizes), **options).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
    return model.to(dtype)
