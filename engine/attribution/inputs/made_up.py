"""What a model is tried with when nothing was given."""

from __future__ import annotations

from typing import Any

from engine.models.opening import Model
from engine.models.sight.seeing import see_noise

_TOKENS = 16


def made_up(model: Model) -> dict[str, Any]:
    """Noise as `pixel_values`, or `input_ids` from all over the vocabulary: the same every time. Raises ImageError."""
    if model.info.takes == "picture":
        return {"pixel_values": see_noise(model)}
    return {"input_ids": _tokens_of_all_kinds(model)}


def _tokens_of_all_kinds(model: Model) -> list[int]:
    count = min(_TOKENS, model.info.max_tokens or _TOKENS)
    module: Any = model.module
    config = getattr(module, "config", None)
    known = getattr(config.get_text_config(), "vocab_size", None) if config is not None else None
    return [(known or model.info.vocabulary) * i // count for i in range(count)]
