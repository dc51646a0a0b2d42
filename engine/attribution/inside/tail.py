"""A model’s own tail, from a residual stream to logits: its blocks do not run, but give what they gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from engine.attribution.calling import call
from engine.attribution.recording import Recording, under
from engine.attribution.targets.outputs import WHOLE, answers_of
from engine.rules.scope import Observer, replaced_forward


def logits_of(recording: Recording, stream: Tensor, position: int, observer: Observer | None = None) -> Tensor:
    """The logits (choice,) at a position where `stream` is what leaves the last block, bit for bit as the model’s."""
    keep = 1 if position == WHOLE else torch.tensor([position], device=stream.device)
    with recording.changes.again(), under(recording.rules, recording.module, observer), ExitStack() as undo:
        for stack in recording.stacks:
            given = iter([_detached(answer) for answer in stack.answers])
            last = stack is recording.stacks[-1]
            answers = _replaced_last([*given], stream) if last else given
            answers = iter([*answers])
            for block in {id(one.block): one.block for one in stack.calls}.values():
                undo.enter_context(replaced_forward(block, _next(answers)))
        logits = answers_of(call(recording.module, recording.inputs, keep), recording.module)
    if logits.ndim == 1:
        return logits
    return logits[-1] if len(logits) == 1 else logits[position]


def _next(answers: Iterator[Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: next(answers)


def _replaced_last(answers: list[Any], stream: Tensor) -> list[Any]:
    last = answers[-1]
    if isinstance(last, tuple | list):
        return [*answers[:-1], type(last)((stream, *last[1:]))]
    return [*answers[:-1], stream]


def _detached(answer: Any) -> Any:
    if isinstance(answer, tuple | list):
        return type(answer)(_detached(one) for one in answer)
    return answer.detach() if isinstance(answer, Tensor) else answer
