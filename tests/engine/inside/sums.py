"""How far the parts of a model's blocks are from adding up, of the target."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

import engine
from engine import targets
from engine.attribution.inside.account import Account, account
from engine.attribution.inside.cuts import cut
from engine.attribution.inside.replay import Replay, replay
from engine.attribution.read_out import choices_in
from engine.attribution.recording import going_back
from engine.attribution.targets.resolving import resolve, value_of


class Sums(NamedTuple):
    """What is left over, at most, of the target: `blocks`, of what arrives behind a block less what passes by and what
    its writers pass; `parts`, of a writer's relevance less its heads or neurons, its constants and what goes past them;
    `input`, between the relevance that enters a block in its replay and in the trace. `sites` counts heads and neurons.
    """

    blocks: float
    parts: float
    input: float
    writers: int
    sites: int


def sums_of(model: Any, given: dict[str, Any], rules: str) -> Sums:
    """Over all blocks of all stacks of a model."""
    opened = engine.load_model(model)
    target = targets.Top(0) if opened.info.predicts == "masked token" else targets.Top()
    blocks, parts, entered, writers, sites = [0.0], [0.0], [0.0], 0, 0
    with engine.trace(opened, rules=rules, **given) as trace:
        recording = trace._recording
        choices = choices_in(opened, recording)
        with going_back(recording):
            value = value_of(resolve(target, choices), choices)
        scale = abs(float(value))
        for stack in recording.stacks:
            for block, left in enumerate(stack.outputs):
                with going_back(recording):
                    arrived, at_input = torch.autograd.grad(
                        value, [left, stack.layers[block]], retain_graph=True, allow_unused=True
                    )
                if arrived is None or at_input is None:
                    continue
                again = replay(recording, stack, block)
                done = account(again, arrived)
                blocks.append(abs(_left_over(again, done, arrived)) / scale)
                entered.append(abs(_sum(again.input, done.gradient) - _sum(again.input, at_input)) / scale)
                for one in done.writers:
                    of_sites = sum(_sum(again.graph.steps[at].value, g) for at, g in one.at_sites.items())
                    rest = _sum(one.value, one.gradient) - of_sites - one.constants - one.by_others
                    parts.append(abs(rest) / scale if one.at_sites else 0.0)
                    sites += len(cut(again.graph, one.step, one.start).sites)
                writers += len(done.writers)
    return Sums(max(blocks), max(parts), max(entered), writers, sites)


def _left_over(again: Replay, done: Account, arrived: Tensor) -> float:
    passed = sum(_sum(one.value, one.alone) for one in done.writers)
    return _sum(again.output, arrived) - _sum(again.input, done.alone) - passed - done.constants


def _sum(value: Tensor, gradient: Tensor) -> float:
    return float((value.double() * gradient.double()).sum())
