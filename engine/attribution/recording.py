"""The forward pass of a language model under rules, and what is kept of it.

1. The word embeddings become a leaf: what the backward pass ends at.
2. What enters each block, and what leaves the last, is kept: relevance is read there.
3. Only the logits asked for are computed. Others, later: the model runs again from its trunk's output.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from engine.attribution.blocks import find_blocks
from engine.protocol.failures import ModelError
from engine.rules.scope import replaced_forward, rules_again
from engine.rules.table import RuleSet

BlockDone = Callable[[int, int], None]  # called with the blocks behind and in all; raises to stop the pass


@dataclass(frozen=True, eq=False)
class Recording:
    """What a forward pass left: `embeddings` (1, token, model), `layers` (layer + 1) x (1, token, model)."""

    module: nn.Module
    rules: RuleSet
    checkpointing: bool
    ids: Tensor  # (1, token)
    embeddings: Tensor
    layers: Sequence[Tensor]
    _trunk_output: Any
    _logits: dict[int, Tensor]  # (vocabulary,) by position

    def logits(self, position: int) -> Tensor:
        """The logits (vocabulary,) at `position`, with their graph."""
        if position not in self._logits:
            keep = torch.tensor([position], device=self.ids.device)
            with under(self.rules, self.module), _answered(_trunk(self.module), self._trunk_output):
                self._logits[position] = _logits_of(_call(self.module, self.ids, keep))[0, 0]
        return self._logits[position]


def record(module: nn.Module, ids: Tensor, rules: RuleSet, checkpointing: bool, block_done: BlockDone) -> Recording:
    """One forward pass of `ids` (1, token) under `rules`. Raises ModelError where no relevance can reach the input."""
    blocks = find_blocks(module)
    trunk = _trunk(module)
    embeddings: list[Tensor] = []
    layers: list[Tensor] = []
    trunk_output: list[Any] = []

    def enter_block(block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        block_done(len(layers), len(blocks))
        layers.append(_stream(args, kwargs, block))

    def leave_last_block(block: nn.Module, args: Any, output: Any) -> None:
        layers.append(output[0] if isinstance(output, tuple) else output)
        block_done(len(blocks), len(blocks))

    def embed(_: nn.Module, args: Any, output: Tensor) -> Tensor | None:
        if embeddings:
            return None
        embeddings.append(output.detach().requires_grad_())
        return embeddings[0]

    with ExitStack() as undo:
        undo.enter_context(under(rules, module))
        undo.enter_context(_removed(_embedding(module).register_forward_hook(embed)))
        for block in blocks:
            undo.enter_context(_removed(block.register_forward_pre_hook(enter_block, with_kwargs=True)))
        undo.enter_context(_removed(blocks[-1].register_forward_hook(leave_last_block)))
        if trunk is not module:
            undo.enter_context(_removed(trunk.register_forward_hook(lambda *call: trunk_output.append(call[-1]))))
        if checkpointing:
            for block in blocks:
                undo.enter_context(replaced_forward(block, _computed_again(block)))
        logits = _logits_of(_call(module, ids, 1))
    if not embeddings or not logits.requires_grad:
        raise ModelError(f"No gradient path leads from the logits of {type(module).__name__} to its word embeddings.")
    positions = range(ids.shape[1] - logits.shape[1], ids.shape[1])
    kept = {p: logits[0, i] for i, p in enumerate(positions)}
    ran = trunk_output[0] if trunk_output else None
    return Recording(module, rules, checkpointing, ids, embeddings[0], layers, ran, kept)


@contextmanager
def under(rules: RuleSet, module: nn.Module) -> Iterator[None]:
    """Inside the `with`, calls of `module` and backward passes through it follow `rules`, in evaluation mode."""
    with evaluating(module), rules.on(module), torch.enable_grad():
        yield


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Inside the `with`, every part of `module` is in evaluation mode."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _call(module: nn.Module, ids: Tensor, logits_to_keep: int | Tensor) -> Any:
    known = inspect.signature(module.forward).parameters
    # Without a trunk of its own the model cannot be run again from there: every logit is computed at once.
    wanted: dict[str, Any] = {"use_cache": False}
    if _trunk(module) is not module:
        wanted["logits_to_keep"] = logits_to_keep
    return module(ids, **{name: value for name, value in wanted.items() if name in known})


def _logits_of(output: Any) -> Tensor:
    logits = getattr(output, "logits", output[0] if isinstance(output, tuple) else output)
    if not isinstance(logits, Tensor) or logits.ndim != 3:
        raise ModelError("The model returned no logits (batch, token, vocabulary): it is not a language model.")
    return logits


def _trunk(module: nn.Module) -> nn.Module:
    """The model without its head, where its head can be run for chosen positions; else the model itself."""
    if isinstance(module, PreTrainedModel) and "logits_to_keep" in inspect.signature(module.forward).parameters:
        return module.base_model
    return module


def _embedding(module: nn.Module) -> nn.Module:
    if isinstance(module, PreTrainedModel):
        return module.get_input_embeddings()
    found = next((m for m in module.modules() if isinstance(m, nn.Embedding)), None)
    if found is None:
        raise ModelError(f"{type(module).__name__} has no word embeddings: relevance would have nowhere to go.")
    return found


def _stream(args: tuple[Any, ...], kwargs: dict[str, Any], block: nn.Module) -> Tensor:
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor) and value.requires_grad:
            return value
    raise ModelError(f"{type(block).__name__} is given nothing that depends on the input.")


def _computed_again(block: nn.Module) -> Callable[..., Any]:
    """The block's forward, whose inner values are not kept but computed again, under the same rules, going back."""
    forward = block.forward
    # accelerate puts a part's weights away when the part has run to its end, which an early stop keeps it from
    stops_early = not any(hasattr(part, "_hf_hook") for part in block.modules())

    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        with set_checkpoint_early_stop(stops_early):
            return checkpoint(
                forward,
                *args,
                use_reentrant=False,
                preserve_rng_state=False,
                context_fn=lambda: (nullcontext(), rules_again()),
                **kwargs,
            )

    return checkpointed


@contextmanager
def _answered(module: nn.Module, output: Any) -> Iterator[None]:
    """Inside the `with`, `module` does not run but gives `output`."""
    if output is None:
        yield
        return
    with replaced_forward(module, lambda *args, **kwargs: output):
        yield


@contextmanager
def _removed(handle: RemovableHandle) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()
