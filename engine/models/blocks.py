"""Finding a model's blocks by its structure: names change from release to release."""

from __future__ import annotations

from torch import nn

from engine.protocol.failures import ModelError


def find_blocks(module: nn.Module) -> list[nn.Module]:
    """The repeated modules that make up most of the model, in order. Raises ModelError where nothing is repeated.

    They are the children of the list with the most parameters; of nested lists (experts in a block) that is the outer.
    """
    lists = [m for m in module.modules() if isinstance(m, nn.ModuleList | nn.Sequential) and len(m)]
    if not lists:
        raise ModelError(f"{type(module).__name__} has no repeated blocks: it does not look like a transformer.")
    return list(max(lists, key=lambda m: sum(p.numel() for p in m.parameters())))
