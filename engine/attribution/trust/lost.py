"""Numbers that come from the input and have lost their gradient on the way: detached, computed under `no_grad` or by
another library. Relevance takes them for constants, though they change when the input does.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from engine.attribution.calling import embeddings_of
from engine.attribution.inputs.given import Inputs
from engine.attribution.recording import record
from engine.attribution.trust.walking import Walk
from engine.models.blocks import encoder_and_decoder
from engine.models.opening import Model
from engine.rules.operations import Arguments, Operation, Options, Rule, acts, depends
from engine.rules.table import INPUT_X_GRADIENT

_NUDGE = 1.001
_OVERWRITING = ("copy_", "__setitem__")
Place = tuple[str, str, int]  # the part that ran an operation, the operation, and the how-manieth time


def lost_gradients(model: Model, inputs: Inputs) -> list[Place]:
    """Where what is given to an operation as a number changes when the input does by a thousandth.

    The tokens stay, so that what is looked up by their ids does not change, nor what a model chooses. Whole numbers
    are left out: masks and counts have no gradient to lose.
    """
    before = _numbers_of(model, inputs)
    with _nudged(model.module, inputs) as other:
        after = _numbers_of(model, other)
    return [place for place, content in before.items() if after.get(place, content) != content]


@contextmanager
def _nudged(module: nn.Module, inputs: Inputs) -> Iterator[Inputs]:
    """Inside the `with`, word embeddings, or pixels, are another thousandth of themselves."""
    if not inputs.tokens:
        yield replace(inputs, main=inputs.main * _NUDGE)
        return
    given = [tensor for tensor in (inputs.main, *inputs.others.values()) if not tensor.is_floating_point()]
    stacks = encoder_and_decoder(module)
    parts = {id(one): one for part in stacks for one in embeddings_of(part)}.values()
    of_words: list[nn.Module] = list(parts) if len(parts) <= len(stacks) else []  # else the first that is given ids

    def nudge(embedding: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        ids = next((arg for arg in (*args, *kwargs.values()) if isinstance(arg, Tensor)), None)
        if not isinstance(output, Tensor) or ids is None or not any(torch.equal(ids, tokens) for tokens in given):
            return output
        if not of_words:
            of_words.append(embedding)
        return output * _NUDGE if embedding in of_words else output

    handles = [part.register_forward_hook(nudge, with_kwargs=True) for part in parts]
    try:
        yield inputs
    finally:
        for handle in handles:
            handle.remove()


def _numbers_of(model: Model, inputs: Inputs) -> dict[Place, int]:
    numbers = _Numbers()
    with numbers.walk.through(model.module):
        record(model.module, inputs, INPUT_X_GRADIENT, checkpointing=False, observer=numbers)
    return numbers.found


class _Numbers:
    """Observes a forward pass without rules: remembers the operands that do not depend on the input."""

    def __init__(self) -> None:
        self.walk = Walk()
        self.found: dict[Place, int] = {}
        self._times: dict[tuple[str, str], int] = {}

    def __call__(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        if acts(args, options):
            read = args[1:] if operation.__name__ in _OVERWRITING else args  # what is overwritten may be anything
            self._look([*read, *options.values()], operation.__name__)
        return rule(operation, args, options)

    def _look(self, values: Any, operation: str) -> None:
        for value in values:
            if isinstance(value, list | tuple):
                self._look(value, operation)
            elif isinstance(value, Tensor) and not isinstance(value, Parameter) and not depends(value):
                at = (self.walk.path, operation)
                times = self._times[at] = self._times.get(at, -1) + 1
                if (content := _content(value)) is not None:
                    self.found[(*at, times)] = content


def _content(value: Tensor) -> int | None:
    """A digest of the numbers; None where all are whole, or masks."""
    if not value.is_floating_point() or not value.numel():
        return None
    masks = value <= torch.finfo(value.dtype).min / 2
    if bool((masks | (value == value.round())).all()):
        return None
    return zlib.crc32(value.detach().double().cpu().numpy().tobytes())
