"""Tiny random models of further families, which need no sizes of their own: one line a family, by its class."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn

from tests.engine.attribution.families import _SIZES
from tests.engine.attribution.kinds import _BART, _T5, _TEXT, _VIT

_DECODER = _SIZES
_EXPERTS = {**_SIZES, "num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2}
_ROUTED = {
    **_EXPERTS,
    "moe_intermediate_size": 32,
    "n_routed_experts": 4,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "image_size": 32,
    "patch_size": 8,
}
_IMAGE = {**_VIT, "num_labels": 5}
_NETWORK = {"num_labels": 5, "image_size": 32}

FURTHER: dict[str, tuple[str, dict[str, Any]]] = {
    "afmoe": ("AfmoeForCausalLM", _EXPERTS),
    "apertus1p5_text": ("Apertus1p5TextForCausalLM", _DECODER),
    "aria_text": ("AriaTextForCausalLM", _DECODER),
    "bailing_hybrid": ("BailingHybridForCausalLM", _ROUTED),
    "beam": ("BeamForCausalLM", _DECODER),
    "bert-generation": ("BertGenerationDecoder", _DECODER),
    "blenderbot-small": ("BlenderbotSmallForCausalLM", _DECODER),
    "cohere2_moe": ("Cohere2MoeForCausalLM", _DECODER),
    "convbert": ("ConvBertForMaskedLM", _TEXT),
    "cwm": ("CwmForCausalLM", _DECODER),
    "data2vec-text": ("Data2VecTextForCausalLM", _DECODER),
    "data2vec-vision": ("Data2VecVisionForImageClassification", _IMAGE),
    "deberta": ("DebertaForMaskedLM", _TEXT),
    "deepseek_v4": ("DeepseekV4ForCausalLM", _EXPERTS),
    "dory": ("DoryForCausalLM", _DECODER),
    "ernie": ("ErnieForCausalLM", _DECODER),
    "esm": ("EsmForMaskedLM", _TEXT),
    "esmc": ("EsmcForMaskedLM", _TEXT),
    "eurobert": ("EuroBertForMaskedLM", _TEXT),
    "exaone": ("LlamaForCausalLM", _DECODER),
    "exaone_moe": ("ExaoneMoeForCausalLM", _EXPERTS),
    "flaubert": ("FlaubertWithLMHeadModel", _TEXT),
    "flint": ("FlintForCausalLM", _EXPERTS),
    "fsmt": ("FSMTForConditionalGeneration", _BART),
    "fuyu": ("FuyuForCausalLM", _DECODER),
    "gemma4_unified_text": ("Gemma4UnifiedForCausalLM", _DECODER),
    "gpt-sw3": ("GPT2LMHeadModel", _DECODER),
    "gpt_neox_japanese": ("GPTNeoXJapaneseForCausalLM", _DECODER),
    "granite_swa": ("GraniteSWAForCausalLM", _DECODER),
    "granitemoe_swa": ("GraniteMoeSWAForCausalLM", _DECODER),
    "gte": ("GteForMaskedLM", _TEXT),
    "hunyuan_v1_moe": ("HunYuanMoEV1ForCausalLM", _DECODER),
    "hy_v3": ("HYV3ForCausalLM", _EXPERTS),
    "hyperclovax": ("HyperCLOVAXForCausalLM", _DECODER),
    "ijepa": ("IJepaForImageClassification", _IMAGE),
    "internlm3": ("LlamaForCausalLM", _DECODER),
    "iquestcoder": ("LlamaForCausalLM", _DECODER),
    "jais2": ("Jais2ForCausalLM", _DECODER),
    "jina_embeddings_v3": ("JinaEmbeddingsV3ForMaskedLM", _TEXT),
    "kolibri1": ("Kolibri1ForCausalLM", _EXPERTS),
    "laguna": ("LagunaForCausalLM", _EXPERTS),
    "lara_mini": ("LaraMiniForCausalLM", _EXPERTS),
    "layoutlm": ("LayoutLMForMaskedLM", _TEXT),
    "lfm3": ("Lfm3ForCausalLM", _DECODER),
    "longt5": ("LongT5ForConditionalGeneration", _BART),
    "megatron-bert": ("MegatronBertForCausalLM", _DECODER),
    "mellum": ("MellumForCausalLM", _EXPERTS),
    "mimo_v2_flash": ("MiMoV2FlashForCausalLM", _EXPERTS),
    "minimax_m2": ("MiniMaxM2ForCausalLM", _EXPERTS),
    "minimax_m3_vl_text": ("MiniMaxM3VLForCausalLM", _EXPERTS),
    "mobilenet_v2": ("MobileNetV2ForImageClassification", _IMAGE),
    "modernbert-decoder": ("ModernBertDecoderForCausalLM", _DECODER),
    "nanochat": ("NanoChatForCausalLM", _DECODER),
    "nemotron_h": ("NemotronHForCausalLM", _ROUTED),
    "neomme": ("NeoMMEForMaskedLM", _TEXT),
    "nllb-moe": ("NllbMoeForConditionalGeneration", _BART),
    "nomic_bert": ("NomicBertForMaskedLM", _TEXT),
    "nystromformer": ("NystromformerForMaskedLM", _TEXT),
    "olmo_hybrid": ("OlmoHybridForCausalLM", _DECODER),
    "pegasus_x": ("PegasusXForConditionalGeneration", _BART),
    "qwen3_5_moe_text": ("Qwen3_5MoeForCausalLM", _EXPERTS),
    "qwen4_exp_text": ("Qwen4ExpForCausalLM", _EXPERTS),
    "rembert": ("RemBertForCausalLM", _DECODER),
    "roberta-prelayernorm": ("RobertaPreLayerNormForCausalLM", _DECODER),
    "sarvam_moe": ("Glm4MoeForCausalLM", _EXPERTS),
    "solar_open": ("SolarOpenForCausalLM", _EXPERTS),
    "switch_transformers": ("SwitchTransformersForConditionalGeneration", _T5),
    "tapas": ("TapasForMaskedLM", _TEXT),
    "trocr": ("TrOCRForCausalLM", _DECODER),
    "ultrabert": ("UltrabertForMaskedLM", _TEXT),
    "umt5": ("UMT5ForConditionalGeneration", _BART),
    "vit_msn": ("ViTMSNForImageClassification", _IMAGE),
    "xlm": ("XLMWithLMHeadModel", _DECODER),
    "xlm-roberta-xl": ("XLMRobertaXLForCausalLM", _DECODER),
    "xlstm": ("xLSTMForCausalLM", _DECODER),
}


def further(type_: str) -> nn.Module:
    """A model of that type with seeded weights, large enough that every path carries relevance."""
    architecture, sizes = FURTHER[type_]
    torch.manual_seed(7)
    model: nn.Module = getattr(transformers, architecture)(transformers.AutoConfig.for_model(type_, **sizes)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)
    return model
