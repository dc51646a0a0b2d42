"""Numbers that come from the input and have lost their gradient on the way: detached, computed under `no_grad` or by
another library. Relevance takes them for constants, though they change when the input does.
"""

from __future__ import annotations

import zlib
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from engine.attribution.inputs.given import Inputs
from engine.attribution.recording import record
from engine.attribution.trust.walking import Walk
from engine.models.opening import Model
from engine.rules.operations import Arguments, Operation, Options, Rule, acts, depends
from engine.rules.table import INPUT_X_GRADIENT

_OVERWRITING = ("copy_", "__setitem__")
Place = tuple[str, str, int]  # the part that ran an operation, the operation, and the how-manieth time


def lost_between(model: Model, one: Inputs, other: Inputs) -> list[Place]:
    """Where what is given to an operation as a number differs between two inputs of one length.

    Whole numbers are left out: masks, counts and choices have no gradient to lose.
    """
    first, second = (_numbers_of(model, inputs) for inputs in (one, other))
    return [place for place, content in first.items() if second.get(place, content) != content]


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
