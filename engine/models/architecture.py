"""Tells from a checkpoint's settings whether its model can be explained, and which kind it is."""

from __future__ import annotations

from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from engine.models.kinds import KINDS, Kind, kind_of
from engine.protocol.failures import ModelError


def can_be_explained(settings: dict[str, Any]) -> bool:
    """Whether a model with these settings, from config.json, can be explained."""
    if is_described(settings) or is_of_timm(settings):
        return True
    try:
        require_kind(settings, "", trust_remote_code=True)
    except ModelError:
        return False
    return True


def is_described(settings: dict[str, Any]) -> bool:
    """Whether `settings` name a class of torchvision and its arguments, rather than a model of transformers."""
    return settings.get("library") == "torchvision"


def is_of_timm(settings: dict[str, Any]) -> bool:
    """Whether `settings` name an architecture of timm, as the hub's timm models do."""
    of_timm = settings.get("model_type") in (None, "timm_wrapper") and not is_described(settings)
    return of_timm and isinstance(settings.get("architecture"), str)


def require_kind(settings: dict[str, Any], name: str, *, trust_remote_code: bool) -> Kind:
    """The kind of model that `settings` describe. Raises ModelError, naming what was found, where there is none."""
    type_ = settings.get("model_type")
    architectures = settings.get("architectures")
    found = ", ".join(map(str, architectures)) if isinstance(architectures, list) and architectures else str(type_)
    if not type_ and not architectures:
        raise ModelError(f"The config.json of “{name}” names no model type: it does not describe a model.")
    if _needs_own_code(settings):
        if trust_remote_code:
            return kind_of(settings) or KINDS[0]
        raise ModelError(
            f"“{name}” ({found}) comes with Python code of its own, which is not run unless you allow it. "
            "Open it with “trust remote code” if you trust its authors.",
            "needs_remote_code",
        )
    if type_ not in CONFIG_MAPPING:
        raise ModelError(f"“{name}” is a {found}, which the installed transformers does not know. Update transformers.")
    kind = kind_of(settings)
    continues = kind is KINDS[0] and bool(settings.get("is_encoder_decoder"))
    if kind is None or continues:
        raise ModelError(
            f"“{name}” is a {found}, which has no head that can be explained. Open a model that continues text, fills "
            "masks, classifies or translates, such as a LlamaForCausalLM or a BertForSequenceClassification."
        )
    return kind


def _needs_own_code(settings: dict[str, Any]) -> bool:
    auto_map = settings.get("auto_map")
    return isinstance(auto_map, dict) and bool(auto_map) and settings.get("model_type") not in CONFIG_MAPPING
