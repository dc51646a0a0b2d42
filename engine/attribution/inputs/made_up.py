"""What a model is tried with when nothing was given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.attribution.inputs.given import Inputs
from engine.models.opening import Model
from engine.models.sight.seeing import see_noise

_TOKENS = 16


def made_up(model: Model) -> dict[str, Any]:
    """Noise as `pixel_values`, or `input_ids` from all over the vocabulary: the same every time. Raises ImageError."""
    if model.info.takes == "picture":
        return {"pixel_values": see_noise(model)}
    return {"input_ids": _tokens_of_all_kinds(model)}


def another_like(model: Model, inputs: Inputs) -> Inputs | None:
    """Another input of the same shape: the same tokens the other way round, or a picture mirrored and darkened.

    Special tokens stay where they are, for a model may count by them. None where nothing would change.
    """
    if not inputs.tokens:
        return replace(inputs, main=inputs.main.flip(-1) * 0.9, seen=None)
    ids = inputs.main[0].tolist()
    special = {0, 1, 2, 3, *getattr(model.tokenizer, "all_special_ids", ())}
    places = [place for place, id in enumerate(ids) if id not in special]
    turned = list(ids)
    for place, other in zip(places, reversed(places), strict=True):
        turned[place] = ids[other]
    if turned == ids:
        return None
    return replace(inputs, main=inputs.main.new_tensor([turned]))


def _tokens_of_all_kinds(model: Model) -> list[int]:
    count = min(_TOKENS, model.info.max_tokens or _TOKENS)
    module: Any = model.module
    config = getattr(module, "config", None)
    known = getattr(config.get_text_config(), "vocab_size", None) if config is not None else None
    return [(known or model.info.vocabulary) * i // count for i in range(count)]
