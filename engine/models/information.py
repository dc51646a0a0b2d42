"""Describes an opened model: its size, kind, device, type and labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from engine.models.blocks import find_blocks
from engine.models.kinds import labels_of, predicted_by, takes_images
from engine.models.labels import label
from engine.models.machine.memory import weight_bytes
from engine.protocol.failures import ModelError
from engine.protocol.values import ModelInfo, ModelSource

_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "seq_length")


def describe(
    module: nn.Module,
    source: ModelSource,
    title: str,
    revision: str | None,
    labels: Sequence[str] = (),
    tokenizer: Any = None,
) -> ModelInfo:
    """What `module` is, as read off the module itself. `labels` name its classes where it does not know them."""
    first = next(module.parameters(), None)
    if first is None:
        raise ModelError(f"{type(module).__name__} has no parameters: it does not look like a model.")
    settings = _text_settings(module)
    of_images = takes_images(module)
    predicts = predicted_by(module, of_images)
    labels = tuple(labels) or labels_of(module, predicts)
    # Quantized weights are bytes; what is computed with is the dtype of the weights that were left alone.
    floating = next((p for p in module.parameters() if p.is_floating_point()), first)
    return ModelInfo(
        source=source,
        title=label(title),
        architecture=type(module).__name__,
        revision=revision,
        parameters=_count_parameters(module),
        blocks=len(find_blocks(module)),
        vocabulary=len(labels) or _vocabulary(module, settings),
        max_tokens=_longest(module, settings),
        device=str(_computing_device(module, first)),
        dtype=str(floating.dtype).removeprefix("torch."),
        weight_bytes=weight_bytes(module),
        predicts=predicts,
        labels=labels,
        takes_images=of_images,
        takes_chats=bool(getattr(tokenizer, "chat_template", None)),
        takes_pairs=_tells_apart(tokenizer),
    )


def _tells_apart(tokenizer: Any) -> bool:
    """Whether the tokenizer puts more between two texts than around one, and says which token is of which."""
    if tokenizer is None or not tokenizer.is_fast:
        return False
    one, two = (tokenizer.num_special_tokens_to_add(pair=pair) for pair in (False, True))
    return bool(two > one)


def _computing_device(module: nn.Module, parameter: nn.Parameter) -> torch.device:
    """Where the model computes: weights that wait on the disk or in another memory are on no device meanwhile."""
    if parameter.device.type != "meta":
        return parameter.device
    for part in module.modules():  # accelerate's hooks bring the weights there
        hook = getattr(part, "_hf_hook", None)
        for one in getattr(hook, "hooks", (hook,)):
            if (device := getattr(one, "execution_device", None)) is not None:
                return torch.device(device)
    raise ModelError(f"The weights of this {type(module).__name__} are nowhere: it was made on the meta device.")


def _text_settings(module: nn.Module) -> Any:
    config: Any = getattr(module, "config", None)
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def _count_parameters(module: nn.Module) -> int:
    # bitsandbytes keeps two 4-bit weights in a byte, and their number in the quantization's state.
    states = ((parameter, getattr(parameter, "quant_state", None)) for parameter in module.parameters())
    return sum(state.shape.numel() if state is not None else parameter.numel() for parameter, state in states)


def _vocabulary(module: Any, settings: Any) -> int:
    """The number of logits."""
    head = module.get_output_embeddings() if hasattr(module, "get_output_embeddings") else None
    if isinstance(size := getattr(head, "out_features", None), int):
        return size
    maps = [m.weight for m in module.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    return _integer(settings, "vocab_size") or (len(maps[-1]) if maps else 0)


def _longest(module: nn.Module, settings: Any) -> int | None:
    """The longest input, where there is a limit. Positions that are counted from a padding token's on lose those."""
    limit = _integer(settings, *_LENGTHS)
    if limit is None or limit == _integer(settings, "vocab_size"):
        return limit
    tables = (m for m in module.modules() if isinstance(m, nn.Embedding) and m.num_embeddings == limit)
    return limit - next((table.padding_idx + 1 for table in tables if table.padding_idx is not None), 0)


def _integer(settings: Any, *names: str) -> int | None:
    values = (getattr(settings, name, None) for name in names)
    return next((value for value in values if isinstance(value, int) and value > 0), None)
