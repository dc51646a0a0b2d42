"""Tiny random models that predict every kind of thing: one line each."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn

IDS = [4, 17, 3, 88, 41, 41, 9, 60, 12, 71, 33, 2]

_TEXT: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "cls_token_id": 1,
    "sep_token_id": 2,
}
_BART: dict[str, Any] = {
    "vocab_size": 96,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
}
_T5: dict[str, Any] = {
    "vocab_size": 96,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 4,
    "pad_token_id": 0,
    "decoder_start_token_id": 0,
}
_DEBERTA: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8}
_VIT: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
_SWIN: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 2,
    "embed_dim": 16,
    "depths": [1, 1, 2],
    "num_heads": [2, 2, 4],
    "window_size": 4,
}

TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "BertForSequenceClassification": ("bert", {**_TEXT, "num_labels": 3}),
    "BertForTokenClassification": ("bert", {**_TEXT, "num_labels": 5}),
    "BertForQuestionAnswering": ("bert", _TEXT),
    "BertForMaskedLM": ("bert", _TEXT),
    "RobertaForSequenceClassification": ("roberta", _TEXT),
    "XLMRobertaForTokenClassification": ("xlm-roberta", _TEXT),
    "CamembertForMaskedLM": ("camembert", _TEXT),
    "DistilBertForSequenceClassification": (
        "distilbert",
        {"vocab_size": 96, "dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 64},
    ),
    "ElectraForTokenClassification": ("electra", {**_TEXT, "embedding_size": 16}),
    "AlbertForSequenceClassification": ("albert", {**_TEXT, "embedding_size": 16}),
    "ModernBertForMaskedLM": ("modernbert", _TEXT),
    "ModernBertForSequenceClassification": ("modernbert", _TEXT),
    "DebertaV2ForSequenceClassification": ("deberta-v2", {**_TEXT, **_DEBERTA}),
    "MPNetForQuestionAnswering": ("mpnet", _TEXT),
    "RoFormerForMaskedLM": ("roformer", _TEXT),
    "LlamaForSequenceClassification": ("llama", _TEXT),
    "GPT2ForTokenClassification": ("gpt2", {"vocab_size": 96, "n_embd": 32, "n_layer": 2, "n_head": 4}),
    "Qwen2ForQuestionAnswering": ("qwen2", {**_TEXT, "num_key_value_heads": 2}),
    "T5ForConditionalGeneration": ("t5", _T5),
    "MT5ForConditionalGeneration": ("mt5", _T5),
    "BartForConditionalGeneration": ("bart", _BART),
    "MBartForConditionalGeneration": ("mbart", _BART),
    "MarianMTModel": ("marian", {**_BART, "decoder_vocab_size": 96}),
    "PegasusForConditionalGeneration": ("pegasus", _BART),
    "M2M100ForConditionalGeneration": ("m2m_100", _BART),
    "BartForSequenceClassification": ("bart", _BART),
    "BartForQuestionAnswering": ("bart", _BART),
    "T5ForSequenceClassification": ("t5", {**_T5, "eos_token_id": 2}),
}

STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "MambaForCausalLM": ("mamba", {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}),
    "Mamba2ForCausalLM": (
        "mamba2",
        {
            "vocab_size": 96,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "state_size": 4,
            "num_heads": 8,
            "head_dim": 8,
            "n_groups": 2,
            "chunk_size": 8,
        },
    ),
    "FalconMambaForCausalLM": (
        "falcon_mamba",
        {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4},
    ),
    "JambaForCausalLM": (
        "jamba",
        {
            **_TEXT,
            "num_key_value_heads": 2,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "num_experts": 2,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
            "mamba_d_state": 4,
            "use_mamba_kernels": False,
        },
    ),
    "BambaForCausalLM": (
        "bamba",
        {
            **_TEXT,
            "num_key_value_heads": 2,
            "attn_layer_indices": [1],
            "mamba_n_heads": 8,
            "mamba_d_head": 8,
            "mamba_d_state": 4,
            "mamba_n_groups": 1,
            "mamba_chunk_size": 8,
        },
    ),
    "RecurrentGemmaForCausalLM": (
        "recurrent_gemma",
        {**_TEXT, "num_hidden_layers": 3, "num_key_value_heads": 1, "lru_width": 32, "attention_window_size": 8},
    ),
    "RwkvForCausalLM": ("rwkv", {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 2, "context_length": 64}),
}

IMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "ViTForImageClassification": ("vit", _VIT),
    "DeiTForImageClassification": ("deit", _VIT),
    "BeitForImageClassification": ("beit", _VIT),
    "Dinov2ForImageClassification": ("dinov2", _VIT),
    "Dinov2WithRegistersForImageClassification": ("dinov2_with_registers", _VIT),
    "SwinForImageClassification": ("swin", _SWIN),
    "Swinv2ForImageClassification": ("swinv2", _SWIN),
    "ConvNextForImageClassification": (
        "convnext",
        {"image_size": 32, "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1], "patch_size": 2},
    ),
    "SiglipForImageClassification": ("siglip", {"vision_config": _VIT}),
    "CLIPForImageClassification": ("clip", {"vision_config": _VIT}),
}


def made(architecture: str, **changes: Any) -> nn.Module:
    """A model of that class with seeded weights, large enough that every path carries relevance."""
    type_, sizes = (TEXTS | IMAGES | STATES)[architecture]
    torch.manual_seed(7)
    config = transformers.AutoConfig.for_model(type_, **{**sizes, **changes})
    model: nn.Module = getattr(transformers, architecture)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)
    return model


def without_constants(model: nn.Module) -> nn.Module:
    """The model with every bias, position and token type at zero: all it says comes from its words or pixels."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(part in name for part in ("bias", "position", "token_type", "cls_token", "register")):
                parameter.zero_()
    return model
