"""Finding a model's blocks by its structure: names change from release to release."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.protocol.failures import ModelError


def find_blocks(module: nn.Module) -> list[nn.Module]:
    """The repeated modules that make up most of the model, in order. Raises ModelError where nothing is repeated.

    They are the children of the list with the most parameters; of nested lists (experts in a block, blocks in a stage)
    that is the outer. Of an encoder and a decoder, these are the encoder's.
    """
    return _repeated(encoder_and_decoder(module)[0])


def find_stacks(module: nn.Module) -> list[list[nn.Module]]:
    """The blocks of each stack that reads tokens: the one there is, or the encoder's and the decoder's."""
    return [_repeated(part) for part in encoder_and_decoder(module)]


def encoder_and_decoder(module: nn.Module) -> tuple[nn.Module, ...]:
    """The encoder and the decoder of a model that is made of them; else the model alone."""
    whole: Any = module
    if not getattr(getattr(whole, "config", None), "is_encoder_decoder", False) or not hasattr(whole, "get_encoder"):
        return (module,)
    parts = (whole.get_encoder(), whole.get_decoder())
    return parts if all(isinstance(part, nn.Module) and part is not module for part in parts) else (module,)


def _repeated(module: nn.Module) -> list[nn.Module]:
    lists = [m for m in module.modules() if isinstance(m, nn.ModuleList | nn.Sequential) and len(m)]
    if not lists:
        raise ModelError(f"{type(module).__name__} has no repeated blocks: it does not look like a transformer.")
    return list(max(lists, key=lambda m: sum(p.numel() for p in m.parameters())))
