"""Models with adapters (LoRA and its like), as PEFT wraps them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import nn

from engine.models.storage.reading_files import Reading
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


def with_adapter(base: nn.Module, folder: Path) -> nn.Module:
    """`base` with the adapter that `folder` holds inside it. Raises ModelError where it cannot be put there."""
    if find_spec("peft") is None:
        raise ModelError(
            f"“{folder.name}” is an adapter, which takes the package peft: install it with `pip install peft`."
        )
    with Reading(f"the adapter in “{folder.name}”"):
        wrapped: nn.Module = import_module("peft").PeftModel.from_pretrained(base, str(folder))
    return unwrapped(wrapped)
