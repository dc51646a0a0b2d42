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

_EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 16}
_LOCAL = {"num_local_experts": 4, "num_experts_per_tok": 2}
_ROUTED = {**_EXPERTS, "n_routed_experts": 4, "n_shared_experts": 1, "first_k_dense_replace": 1, "topk_group": 1}
_LATENT = {"q_lora_rank": 16, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}
_SLIDING = {"layer_types": ["sliding_attention", "full_attention", "full_attention"], "sliding_window": 8}
_DELTA = {
    "layer_types": ["linear_attention", "full_attention", "full_attention"],
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}

# As above: those that only the facts of `facts.py` are tried on
MORE: dict[str, dict[str, Any]] = {
    "apertus": {},
    "arcee": {},
    "biogpt": {},
    "bitnet": {},
    "codegen": {**_GPT2, "rotary_dim": 4},
    "cohere2": _SLIDING,
    "ctrl": {**_GPT2, "dff": 64},
    "dbrx": {
        "d_model": 32,
        "n_heads": 4,
        "n_layers": 2,
        "max_seq_len": 64,
        "ffn_config": {"ffn_hidden_size": 32, "moe_num_experts": 4, "moe_top_k": 2},
        "attn_config": {"kv_n_heads": 2, "rope_theta": 1e4, "clip_qkv": 8},
    },
    "deepseek_v2": {**_ROUTED, **_LATENT, "num_key_value_heads": 4, "n_group": 1},
    "deepseek_v3": {**_ROUTED, **_LATENT, "num_key_value_heads": 4, "n_group": 2},
    "diffllama": {},
    "doge": {},
    "dots1": {**_ROUTED, "n_group": 1},
    "ernie4_5": {},
    "ernie4_5_moe": {"moe_num_experts": 4, "moe_k": 2, "moe_intermediate_size": 16, "moe_num_shared_experts": 1},
    "exaone4": _SLIDING,
    "flex_olmo": {"num_experts": 4, "num_experts_per_tok": 2},
    "gemma3n_text": {
        **_SLIDING,
        "intermediate_size": [64] * 3,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": 96,
        "num_kv_shared_layers": 0,
        "laurel_rank": 4,
        "activation_sparsity_pattern": None,
    },
    "gemma4_text": {
        **_SLIDING,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": 96,
        "num_kv_shared_layers": 0,
        "global_head_dim": 8,
    },
    "glm": {},
    "glm4_moe": {**_ROUTED, "n_group": 1},
    "gpt_bigcode": _GPT2,
    "gpt_neo": {"num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]], "window_size": 8},
    "gpt_oss": {**_LOCAL, **_SLIDING},
    "granitemoe": _LOCAL,
    "granitemoeshared": {**_LOCAL, "shared_intermediate_size": 16},
    "helium": {},
    "hunyuan_v1_dense": {},
    "inkling_text": {},
    "jetmoe": {**_LOCAL, "kv_channels": 8},
    "lfm2": {"layer_types": ["conv", "full_attention", "full_attention"], "block_auto_adjust_ff_dim": False},
    "llama4_text": {"num_local_experts": 4, "num_experts_per_tok": 1, "intermediate_size_mlp": 64},
    "minimax": {**_LOCAL, "layer_types": ["linear_attention", "full_attention", "full_attention"], "block_size": 8},
    "ministral": {},
    "ministral3": {},
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 64},
    "nemotron": {},
    "olmo3": _SLIDING,
    "olmoe": {"num_experts": 4, "num_experts_per_tok": 2},
    "openai-gpt": _GPT2,
    "persimmon": {},
    "phi": {},
    "phimoe": _LOCAL,
    "qwen2_moe": {**_EXPERTS, "num_experts": 4, "shared_expert_intermediate_size": 16},
    "qwen3_5_text": _DELTA,
    "qwen3_moe": {**_EXPERTS, "num_experts": 4},
    "qwen3_next": {**_EXPERTS, **_DELTA, "num_experts": 4, "shared_expert_intermediate_size": 16},
    "seed_oss": {},
    "vaultgemma": {},
    "xglm": {"d_model": 32, "ffn_dim": 64, "num_layers": 2, "attention_heads": 4},
}

BIAS_FREE = (
    *("llama", "mistral", "qwen3", "gemma", "gemma2", "gemma3_text", "phi3", "olmo", "olmo2", "cohere", "smollm3"),
    *("glm4", "granite"),
)

IDS = [5, 17, 3, 88, 41, 41, 9, 60, 12, 71, 33, 12, 94, 7, 28, 50]


def tiny(family: str, dtype: torch.dtype = torch.float32, **options: Any) -> nn.Module:
    """A model of `family` with seeded weights, large enough that every path carries relevance."""
    differing = (FAMILIES | MORE)[family]
    named_otherwise = differing.keys() & {"n_embd", "n_layers", "num_layers"}
    sizes = {"vocab_size": 96, "hidden_size": 32, **differing} if named_otherwise else {**_SIZES, **differing}
    sizes = {name: size for name, size in sizes.items() if size is not None}
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **sizes), **options).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
    return model.to(dtype)
