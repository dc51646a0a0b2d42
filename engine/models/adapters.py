"""Models with adapters (LoRA and its like), as PEFT wraps them."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.protocol.failures import ModelError


def unwrapped(module: nn.Module) -> nn.Module:
    """The model inside a wrapper of PEFT, in which the adapters sit and act; any other module is itself.

    Raises ModelError for adapters that put tokens of their own before the prompt: those sit in the wrapper, and
    relevance would go to tokens that nobody wrote.
    """
    wrapper: Any = module
    adapters = getattr(wrapper, "peft_config", None)
    if adapters is None or not hasattr(wrapper, "get_base_model"):
        return module
    for name, adapter in adapters.items():
        if getattr(adapter, "is_prompt_learning", False):
            kind = getattr(adapter, "peft_type", "prompt tuning")
            raise ModelError(
                f"The adapter “{name}” ({getattr(kind, 'value', kind)}) puts learned tokens before the prompt, which "
                "cannot be explained. LoRA and other adapters inside the model can."
            )
    inside: nn.Module = wrapper.get_base_model()
    return inside
