"""Attention that rules can see: written out, or torch's own fused operation. Kernels of others bypass them."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.anatomy import parts_that
from engine.protocol.failures import ModelError

_SEEN = ("eager", "sdpa")


def _has_settings(part: nn.Module) -> bool:
    return hasattr(part, "config")


def check_attention(module: nn.Module) -> None:
    """Raises ModelError where a part of `module` computes attention in kernels that no rule would act on.

    Their gradients would be plain ones, and the relevance that of no rule set, without a word.
    """
    for part in parts_that(_has_settings, module):
        config: Any = getattr(part, "config", None)
        name = getattr(config, "_attn_implementation", None)
        if isinstance(name, str) and name not in _SEEN:
            raise ModelError(
                f"{type(part).__name__} computes attention with “{name}”, which rules cannot see into. "
                'Open the model with attn_implementation="sdpa", or call set_attn_implementation("sdpa") on it.'
            )
