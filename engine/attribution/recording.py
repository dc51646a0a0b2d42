"""The forward pass of a model under rules, and what is kept of it.

1. The word embeddings, or the pixels, become a leaf: what the backward pass ends at. A decoder's are another.
2. What enters each block, and what leaves the last, is kept: relevance is read there. All else a block is given stays
   with it.
3. Only the logits asked for are computed, where the model can be asked for some. Others, later: it runs again from its
   trunk's output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop
from torch.utils.hooks import RemovableHandle

from engine.attribution.calling import answered, call, evaluating, trunk_of
from engine.attribution.inputs.given import Inputs
from engine.attribution.leaves import leaves_at_embeddings, never_called
from engine.attribution.stray_states import Changes
from engine.attribution.targets.outputs import WHOLE, answers_of
from engine.models.blocks import find_blocks, find_stacks
from engine.protocol.failures import ModelError, in_tokens
from engine.rules.scope import Observer, replaced_forward, rules_again
from engine.rules.table import RuleSet
from engine.watch import UNWATCHED, Watch

Moved = Callable[[int], None]  # called with 2 i + 1 where block i is entered, and with 2 i + 2 where it is left


@dataclass(frozen=True, eq=False)
class Call:
    """How a block was called: called so again, under the same rules, it gives what it gave."""

    block: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(eq=False)
class Stack:
    """What was kept of a run of blocks: `leaf` (1, token, model) or pixels, `layers` (layer + 1) x (1, token, model).

    A block that runs several times, its weights being shared, enters `layers` and `calls` each time.
    """

    leaf: Tensor | None = None
    ids: Tensor | None = None  # (1, token), as the embeddings were given them
    layers: list[Tensor] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)  # each was given the layer at its place, among other things
    answers: list[Any] = field(default_factory=list)  # what each call gave: what leaves the block, and what beside it

    @property
    def outputs(self) -> list[Tensor]:
        """What left each block."""
        return [answer[0] if isinstance(answer, tuple | list) else answer for answer in self.answers]

    @property
    def padded(self) -> int:
        """The places behind the tokens that the model filled up itself."""
        return 0 if self.ids is None or self.leaf is None else max(self.ids.shape[-1] - self.leaf.shape[-2], 0)


@dataclass(frozen=True, eq=False)
class Recording:
    """What a forward pass left: of the input, or of encoder and decoder."""

    module: nn.Module
    rules: RuleSet
    checkpointing: bool
    inputs: Inputs
    stacks: Sequence[Stack]
    length: int  # the positions at which there are logits; 0 where there is one answer to the whole input
    observer: Observer | None
    _trunk_output: Any
    _logits: dict[int, Tensor]  # (choice,) by position
    changes: Changes  # of the module in itself

    @property
    def embeddings(self) -> Tensor:
        """The leaf of the input."""
        return self.leaves[0]

    @property
    def leaves(self) -> list[Tensor]:
        """What the backward pass ends at, a stack each."""
        return [stack.leaf for stack in self.stacks if stack.leaf is not None]

    @property
    def layers(self) -> list[Tensor]:
        """Where relevance is read: the layers of every stack, one after another."""
        return [layer for stack in self.stacks for layer in stack.layers]

    def logits(self, position: int) -> Tensor:
        """The logits (choice,) at `position`, with their graph."""
        if position not in self._logits:
            keep = torch.tensor([position], device=self.inputs.main.device)
            with under(self.rules, self.module, self.observer), answered(trunk_of(self.module), self._trunk_output):
                self._logits[position] = answers_of(call(self.module, self.inputs, keep), self.module)[0]
        return self._logits[position]


def record(
    module: nn.Module,
    inputs: Inputs,
    rules: RuleSet,
    checkpointing: bool,
    watch: Watch = UNWATCHED,
    observer: Observer | None = None,
    moved: Moved = lambda place: None,
) -> Recording:
    """One forward pass under `rules`. Raises ModelError where no relevance can reach the input.

    `observer` runs every operation, and `moved` hears where in the first stack they are.
    """
    blocks_of = find_stacks(module)
    stacks = [Stack() for _ in blocks_of]
    trunk, trunk_output = trunk_of(module), []
    total = sum(map(len, blocks_of))
    counted = partial(_count, stacks, total, watch)
    with ExitStack() as undo:
        changes = undo.enter_context(under(rules, module, observer))
        if inputs.tokens:
            for handle in leaves_at_embeddings(module, inputs.main, len(stacks), partial(_begin, stacks)):
                undo.enter_context(_removed(handle))
        else:
            stacks[0].leaf = inputs.main.detach().requires_grad_()
            inputs = replace(inputs, main=stacks[0].leaf)
        for stack, blocks in zip(stacks, blocks_of, strict=True):
            for block in blocks:
                told = moved if stack is stacks[0] else _stay
                entered, left = partial(_enter, stack, counted, told), partial(_leave, stack, told)
                undo.enter_context(_removed(block.register_forward_pre_hook(entered, with_kwargs=True)))
                undo.enter_context(_removed(block.register_forward_hook(left)))
                if checkpointing:
                    undo.enter_context(replaced_forward(block, _computed_again(block)))
        if trunk is not module:
            undo.enter_context(_removed(trunk.register_forward_hook(lambda *call: trunk_output.append(call[-1]))))
        logits = answers_of(call(module, inputs, 1), module)
        stacks = _finished(stacks, logits, module, rules)
        _check_one_vector_a_token(stacks[0], inputs, module, logits)
        watch.step("forward", total, total)
    length = 0 if logits.ndim == 1 else _answered_length(inputs, stacks, logits)
    kept = {WHOLE: logits} if logits.ndim == 1 else {length - len(logits) + i: row for i, row in enumerate(logits)}
    ran = trunk_output[0] if trunk_output else None
    return Recording(module, rules, checkpointing, inputs, stacks, length, observer, ran, kept, changes)


def _answered_length(inputs: Inputs, stacks: Sequence[Stack], logits: Tensor) -> int:
    given = inputs.others.get("decoder_input_ids", inputs.main)
    return max(given.shape[1], len(logits)) if inputs.tokens else len(logits)


def _finished(stacks: list[Stack], logits: Tensor, module: nn.Module, rules: RuleSet) -> list[Stack]:
    """The stacks that ran, each with what left its last block. Raises ModelError where no path leads to the input."""
    if stacks[0].leaf is None:
        raise never_called(module)
    if not logits.requires_grad:
        raise no_path(module, rules)
    ran = [stack for stack in stacks if stack.leaf is not None and stack.answers]
    if not ran:
        blocks = find_blocks(module)
        raise ModelError(
            f"The blocks found in {type(module).__name__}, {len(blocks)} × {type(blocks[0]).__name__}, are never "
            "called. Open a model that calls each of its blocks."
        )
    for stack in ran:
        stack.layers.append(stack.outputs[-1])
    return ran


def _check_one_vector_a_token(stack: Stack, inputs: Inputs, module: nn.Module, logits: Tensor) -> None:
    """Raises ModelError where the word embeddings give anything but a vector for each token of the input; or where a
    model that pads it itself answers at the places that it padded too.
    """
    if not inputs.tokens or stack.leaf is None:
        return
    answers_padded = stack.padded and logits.ndim > 1 and len(logits) > len(inputs.tokens)
    if stack.leaf.shape[:-1] != (1, len(inputs.tokens)) or answers_padded:
        shape = " × ".join(
            map(str, (1, stack.leaf.shape[-2] + stack.padded) if stack.padded else stack.leaf.shape[:-1])
        )
        raise ModelError(
            f"{type(module).__name__} looks up {shape} vectors for {in_tokens(len(inputs.tokens))}, so relevance would "
            "be of no token. Open a model whose embeddings are given its prompt as it is."
        )


def no_path(module: nn.Module, rules: RuleSet) -> ModelError:
    """Says that relevance cannot reach the input, and whose doing that may be."""
    return ModelError(
        f"Under {rules.title} no path leads from the target to the input of this {type(module).__name__}: what lies on "
        "every way is a number to these rules, as a softmax is to CP-LRP, or the model itself detaches or rounds it. "
        "Explain it under AttnLRP or input × gradient, or open another model."
    )


def _begin(stacks: Sequence[Stack], place: int, leaf: Tensor, ids: Tensor | None) -> None:
    stacks[place].leaf, stacks[place].ids = leaf, ids


def _enter(
    stack: Stack,
    counted: Callable[[], None],
    moved: Moved,
    block: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    counted()
    stack.layers.append(_stream(args, kwargs, block, stack))
    stack.calls.append(Call(block, args, kwargs))
    moved(2 * len(stack.layers) - 1)


def _leave(stack: Stack, moved: Moved, block: nn.Module, args: Any, output: Any) -> None:
    stack.answers.append(output)
    moved(2 * len(stack.layers))


def _stay(place: int) -> None:
    """The blocks of a decoder lie behind those of its encoder."""


def _count(stacks: Sequence[Stack], total: int, watch: Watch) -> None:
    done = sum(len(stack.layers) for stack in stacks)
    watch.step("forward", done, max(done, total))


@contextmanager
def under(rules: RuleSet, module: nn.Module, observer: Observer | None = None) -> Iterator[Changes]:
    """Inside the `with`, calls of `module` and backward passes through it follow `rules`, in evaluation mode.

    What the module changes in itself is there afterwards, and taken back.
    """
    with evaluating(module) as changes, rules.on(module, observer), torch.enable_grad():
        yield changes


@contextmanager
def going_back(recording: Recording) -> Iterator[None]:
    """Inside the `with`, a backward pass through what was recorded follows its rules.

    They are in the graph already, but where blocks are computed again or parts have rules of their own.
    """
    runs_again = recording.checkpointing or recording.rules.parts is not None
    if not runs_again:
        with torch.enable_grad():
            yield
        return
    with recording.changes.again(), under(recording.rules, recording.module):
        yield


def _stream(args: tuple[Any, ...], kwargs: dict[str, Any], block: nn.Module, stack: Stack) -> Tensor:
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor) and value.requires_grad:
            return value
    if stack.leaf is None:
        raise never_called(block)
    raise ModelError(
        f"No gradient path leads from {type(block).__name__} to the input: it is given nothing that depends on it. "
        "Open a model whose forward pass neither detaches nor rounds on its way."
    )


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
def _removed(handle: RemovableHandle) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()
