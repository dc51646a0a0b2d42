"""Models that compare pictures with texts (CLIP, SigLIP) as classifiers: the texts are their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerBase

from engine.models.kinds import Kind
from engine.protocol.failures import ModelError

COMPARED = Kind("classes", AutoModel, {"clip": "CLIPModel", "siglip": "SiglipModel"}, takes_pixels=True)


class ComparedWithTexts(nn.Module):
    """The vision part of a model of pictures and texts. A class's logit is the picture's nearness to its text."""

    main_input_name = "pixel_values"

    def __init__(self, model: PreTrainedModel, texts: Tensor) -> None:
        """`texts` are the embeddings (class, model) of the classes' texts."""
        super().__init__()
        whole: Any = model
        self.config = whole.config.vision_config
        self.vision_model = whole.vision_model
        self.projection = getattr(whole, "visual_projection", None) or nn.Identity()
        bias = getattr(whole, "logit_bias", None)
        self.head = nn.Linear(texts.shape[1], len(texts), bias=bias is not None, device=texts.device, dtype=texts.dtype)
        with torch.no_grad():
            self.head.weight.copy_(whole.logit_scale.exp() * texts / texts.norm(dim=-1, keepdim=True))
            if bias is not None:
                self.head.bias.copy_(bias.expand(len(texts)))

    def forward(self, pixel_values: Tensor) -> Tensor:
        """The logits (1, class) of a picture."""
        seen = self.projection(self.vision_model(pixel_values).pooler_output)
        logits: Tensor = self.head(seen / seen.norm(dim=-1, keepdim=True))
        return logits


def compares(settings: Mapping[str, Any]) -> bool:
    """Whether `settings`, from config.json, describe a model that compares pictures with texts."""
    architectures = settings.get("architectures")
    whole = not architectures or any(map(COMPARED.includes, architectures))
    return whole and settings.get("model_type") in COMPARED.classes


def require_classes(settings: Mapping[str, Any], classes: Sequence[str], title: str) -> None:
    """Raises ModelError where texts to choose from are lacking, or given to a model that knows its classes itself."""
    if compares(settings) and not classes:
        raise ModelError(
            f"“{title}” compares pictures with texts: give the texts to choose from as its classes, such as "
            "“a photo of a cat” and “a photo of a dog”."
        )
    if classes and not compares(settings):
        raise ModelError(f"“{title}” does not compare pictures with texts: open it without classes.")
    if not all(isinstance(text, str) and text.strip() for text in classes):
        raise ModelError(f"The classes of “{title}” are texts to choose from, none of which may be empty.")


def compared_with(model: nn.Module, tokenizer: PreTrainedTokenizerBase, classes: Sequence[str]) -> ComparedWithTexts:
    """`model` as a classifier that chooses from the texts `classes`."""
    whole: Any = model
    longest = whole.config.text_config.max_position_embeddings
    padding = "max_length" if whole.config.model_type == "siglip" else True  # as it was trained
    ids = tokenizer(list(classes), padding=padding, truncation=True, max_length=longest, return_tensors="pt")
    with torch.no_grad():
        texts = whole.get_text_features(**ids.to(whole.device)).pooler_output
    return ComparedWithTexts(whole, texts).eval()
