"""The forecast of a run's memory, before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from engine.anatomy import parts_in
from engine.models.blocks import find_stacks
from engine.models.machine.memory import free_bytes
from engine.models.opening import Model
from engine.protocol.failures import DoesNotFit, in_tokens


def forecast_bytes(model: Model, tokens: int, checkpointing: bool) -> int:
    """Bytes that explaining a prompt of `tokens` tokens will take beside the weights: an estimate from above.

    Each linear map's output is kept, once or twice, by what comes after it; the residual stream about six times a
    block; eager attention keeps its (head, query, key) weights three times. Checkpointing keeps one block's worth.
    """
    blocks = parts_in(_parts_of_blocks, model.module)
    kinds = {(tuple(map(type, parts)), _first_shape(parts)): parts for parts in blocks}  # most models have one
    per_block = max(_kept_bytes(parts, tokens) for parts in kinds.values())
    stream = tokens * _width(model) * _item_bytes(model)
    kept = per_block + stream * len(blocks) if checkpointing else per_block * len(blocks)
    logits = 4 * model.info.vocabulary * 4
    return kept + 4 * stream + logits


def check_that_it_fits(model: Model, tokens: int, checkpointing: bool) -> None:
    """Raises DoesNotFit, with what would do, where the forecast is above what is free."""
    free = free_bytes(model.info.device)
    needed = forecast_bytes(model, tokens, checkpointing)
    if needed <= free:
        return
    message = (
        f"Explaining {in_tokens(tokens)} needs about {_gib(needed)} and {_gib(free)} are free on {model.info.device}."
    )
    lighter = forecast_bytes(model, tokens, checkpointing=True)
    if not checkpointing and lighter <= free:
        raise DoesNotFit(f"{message} With gradient checkpointing it needs about {_gib(lighter)}: switch it on.")
    raise DoesNotFit(f"{message} Shorten the prompt, or take a smaller model or dtype.")


def _parts_of_blocks(module: nn.Module) -> list[list[nn.Module]]:
    return [list(block.modules()) for stack in find_stacks(module) for block in stack]


def _first_shape(parts: Sequence[nn.Module]) -> object:
    parameters = (p for part in parts for p in part._parameters.values() if p is not None)
    return next((p.shape for p in parameters), None)


def _kept_bytes(parts: Sequence[nn.Module], tokens: int) -> int:
    parameters = [p for part in parts for p in part._parameters.values() if p is not None]
    item = parameters[0].element_size() if parameters else 0
    outputs = sum(2 * max(p.shape) for p in parameters if p.ndim >= 2)
    return tokens * outputs * item + _eager_attention_bytes(parts, tokens, item)


def _eager_attention_bytes(parts: Sequence[nn.Module], tokens: int, item: int) -> int:
    config = next((part.config for part in parts if hasattr(part, "config")), None)
    if config is None or getattr(config, "_attn_implementation", "eager") != "eager":
        return 0
    heads = getattr(config, "num_attention_heads", 1)
    most = max(heads) if isinstance(heads, list | tuple) else heads  # stages have each their own
    return 3 * most * tokens * tokens * max(item, 4)


def _width(model: Model) -> int:
    return int(getattr(model.module.config, "hidden_size", 0)) if hasattr(model.module, "config") else 0


def _item_bytes(model: Model) -> int:
    return next(model.module.parameters()).element_size()


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**29 else f"{count / 2**20:.0f} MiB"
