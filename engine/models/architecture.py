"""Whether a checkpoint is a model that can be explained: a decoder-only language model."""

from __future__ import annotations

from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from engine.protocol.failures import ModelError


def _flat(names: Any) -> set[str]:
    return {name for entry in names for name in ([entry] if isinstance(entry, str) else entry)}


_LANGUAGE_MODELS = _flat(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())


def is_language_model(settings: dict[str, Any]) -> bool:
    """Whether `settings`, from config.json, say that this is a decoder-only language model."""
    try:
        require_language_model(settings, "", trust_remote_code=True)
    except ModelError:
        return False
    return True


def require_language_model(settings: dict[str, Any], name: str, *, trust_remote_code: bool) -> None:
    """Raises ModelError, naming what was found, unless `settings` are those of a decoder-only language model."""
    kind = settings.get("model_type")
    architectures = settings.get("architectures")
    found = ", ".join(map(str, architectures)) if isinstance(architectures, list) and architectures else str(kind)
    if not kind and not architectures:
        raise ModelError(f"The config.json of “{name}” names no model type: it does not describe a model.")
    if _needs_own_code(settings):
        if trust_remote_code:
            return
        raise ModelError(
            f"“{name}” ({found}) comes with Python code of its own, which is not run unless you allow it. "
            "Open it with “trust remote code” if you trust its authors.",
            "needs_remote_code",
        )
    if kind not in CONFIG_MAPPING:
        raise ModelError(f"“{name}” is a {found}, which the installed transformers does not know. Update transformers.")
    if isinstance(architectures, list) and architectures:
        known = any(name in _LANGUAGE_MODELS for name in architectures)
    else:
        known = kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if not known or settings.get("is_encoder_decoder"):
        raise ModelError(
            f"“{name}” is a {found}, not a decoder-only language model. "
            "Open a model that continues text, such as a LlamaForCausalLM."
        )


def _needs_own_code(settings: dict[str, Any]) -> bool:
    auto_map = settings.get("auto_map")
    return isinstance(auto_map, dict) and bool(auto_map) and settings.get("model_type") not in CONFIG_MAPPING
