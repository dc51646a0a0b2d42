"""Finds a model's blocks by its structure: names change from release to release."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.anatomy import parts_in
from engine.models.kinds import has_embeddings, takes_images
from engine.protocol.failures import ModelError


def find_blocks(module: nn.Module) -> list[nn.Module]:
    """The repeated modules that make up most of the model, in order. Raises ModelError where nothing is repeated.

    They are the children of the list with the most parameters; of nested lists (experts in a block, blocks in a stage)
    that is the outer. Of a plain network of images, lists side by side are one. Of an encoder and a decoder, these are
    the encoder's.
    """
    return find_stacks(module)[0]


def find_stacks(module: nn.Module) -> list[list[nn.Module]]:
    """The blocks of each stack that reads tokens: the one there is, or the encoder's and the decoder's."""
    return parts_in(_stacks, module)


def encoder_and_decoder(module: nn.Module) -> tuple[nn.Module, ...]:
    """The encoder and the decoder of a model that is made of them; else the model alone."""
    whole: Any = module
    if not getattr(getattr(whole, "config", None), "is_encoder_decoder", False) or not hasattr(whole, "get_encoder"):
        return (module,)
    parts = (whole.get_encoder(), whole.get_decoder())
    return parts if all(isinstance(part, nn.Module) and part is not module for part in parts) else (module,)


def _stacks(module: nn.Module) -> list[list[nn.Module]]:
    return [_repeated(part) for part in encoder_and_decoder(module)]


def _repeated(module: nn.Module) -> list[nn.Module]:
    if not hasattr(module, "main_input_name") and not has_embeddings(module) and (stages := _stages(module)):
        return stages
    unread = [] if takes_images(module) else [part for part in module.modules() if _reads_pixels(part)]
    elsewhere = {id(part) for tower in unread for part in tower.modules()}
    lists = [
        m
        for m in module.modules()
        if isinstance(m, nn.ModuleList | nn.Sequential) and len(m) and id(m) not in elsewhere
    ]
    if not lists:
        raise ModelError(f"{type(module).__name__} has no repeated blocks: it does not look like a transformer.")
    return _run_in(max(lists, key=lambda m: sum(p.numel() for p in m.parameters())))


def _run_in(blocks: nn.Module) -> list[nn.Module]:
    """The children of a list, and those of lists among them: a list is never called itself."""
    return [
        one for block in blocks.children() for one in (_run_in(block) if isinstance(block, nn.ModuleList) else [block])
    ]


def _reads_pixels(part: nn.Module) -> bool:
    return getattr(part, "main_input_name", None) == "pixel_values"


def _stages(module: nn.Module) -> list[nn.Module]:
    """The steps of a network of images, if any: the lists side by side in the part whose lists hold most parameters.

    A network that holds most of its parameters elsewhere has no lists of steps, but steps by name, one after another.
    """
    found = [(blocks, _weight(blocks)) for part in module.modules() if (blocks := _listed(part))]
    blocks, weight = max(found, key=lambda one: (_are_composed(one[0]), one[1]), default=([], 0))
    if blocks and 2 * weight >= _weight([part for part in module.children() if not _is_head(part)]):
        return blocks
    steps = [part for part in module.children() if _maps(part) and not _is_head(part)]
    return steps if len(steps) > 1 else []


def _listed(part: nn.Module) -> list[nn.Module]:
    """Children of the lists in `part`, if they map anything; of lists of composed children alone, if there are such."""
    own = [part] if isinstance(part, nn.ModuleList | nn.Sequential) else []
    lists = [list(one) for one in (own or part.children()) if isinstance(one, nn.ModuleList | nn.Sequential)]
    lists = [blocks for blocks in lists if blocks and not all(map(_is_head, blocks))]
    composed = [blocks for blocks in lists if _are_composed(blocks)]
    return [block for blocks in composed or lists for block in blocks if _maps(block)]


def _are_composed(blocks: list[nn.Module]) -> bool:
    return any(True for block in blocks for _ in block.children())


def _is_head(part: nn.Module) -> bool:
    """Whether `part` maps no more than vectors: linear maps and what has no parameters."""
    return all(isinstance(one, nn.Linear) for one in part.modules() if list(one.parameters(recurse=False)))


def _maps(part: nn.Module) -> bool:
    """Whether `part` is more than a norm, an activation or pooling, and so a step of its own."""
    return any(p.ndim > 1 for p in part.parameters())


def _weight(blocks: list[nn.Module]) -> int:
    return sum(p.numel() for block in blocks for p in block.parameters())
