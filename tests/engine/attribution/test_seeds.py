"""Backward passes that begin elsewhere than at a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

import engine
from engine.attribution.backward import Rows, Seed, relevances, seed_of
from engine.attribution.gradients import on_gradient
from engine.attribution.recording import under
from engine.attribution.targets.outputs import WHOLE
from engine.attribution.trace import Trace
from engine.watch import UNWATCHED
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.kinds import made
from tests.engine.attribution.test_predictions import given

OTHERS = ("BertForMaskedLM", "T5ForConditionalGeneration", "ViTForImageClassification")
SOME = ("llama", "gpt2", "mixtral", "qwen3", *OTHERS)


def traced(name: str, **options: Any) -> Trace:
    if name in OTHERS:
        return engine.trace(made(name), **given(name), **options)
    return engine.trace(tiny(name), input_ids=IDS, **options)


def target_in(trace: Trace) -> Seed:
    recording = trace._recording
    return seed_of(recording.logits(recording.length - 1 if recording.length else WHOLE).max())


def found(trace: Trace, seeds: Sequence[Seed]) -> list[tuple[Rows, Tensor]]:
    """Relevance of leaves and layers, and the balance, by seed."""
    with under(trace._recording.rules, trace._recording.module):
        return relevances(trace._recording, seeds, UNWATCHED, trace._books)


def gradient_at(trace: Trace, layer: Tensor) -> Tensor:
    """The target's gradient."""
    passed: list[Tensor] = []
    handle = on_gradient(layer, passed.append)
    found(trace, [target_in(trace)])
    handle.remove()
    return passed[0]


def middle(trace: Trace) -> tuple[int, Tensor]:
    """A block's output, which is what enters the next: its place among the layers, and itself."""
    place = len(trace._recording.stacks[0].layers) // 2
    return place, trace._recording.layers[place]


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("name", SOME)
def test_that_all_of_a_targets_gradient_at_a_block_is_the_target_below_it(name: str, checkpointing: bool) -> None:
    with traced(name, checkpointing=checkpointing) as trace:
        place, layer = middle(trace)
        (whole, balance), (below, rest) = (
            found(trace, [seed])[0] for seed in (target_in(trace), Seed(layer, gradient_at(trace, layer)))
        )
        leaves = len(trace._recording.leaves)
        assert torch.equal(below[0], whole[0]) and below[0].any()
        for i, (one, other) in enumerate(zip(below[leaves:], whole[leaves:], strict=True)):
            assert torch.equal(one, other) if i <= place else not one.any()
        assert torch.equal(rest[:, :place], balance[:, :place])  # the constants before it
        assert not rest[:, place + 1 :].any()


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
@pytest.mark.parametrize("name", SOME)
def test_that_the_parts_of_a_seed_sum_to_the_whole(name: str, rules: str) -> None:
    with traced(name, rules=rules) as trace:
        _, layer = middle(trace)
        gradient = gradient_at(trace, layer)
        ours = torch.arange(gradient.numel()).view_as(gradient) % 3
        parts = [Seed(layer, gradient.where(ours == part, 0)) for part in range(3)]
        ((whole, balance),) = found(trace, [Seed(layer, gradient)])
        together = found(trace, parts)
        assert all(rows[0].any() for rows, _ in together)
        for i, row in enumerate(whole):
            close(sum(rows[i] for rows, _ in together), row)
        close(sum(sheet for _, sheet in together), balance)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_that_seeds_at_several_places_go_back_together(name: str) -> None:
    with traced(name) as trace:
        first, second = trace._recording.layers[1:3]
        seeds = [target_in(trace), *(Seed(layer, gradient_at(trace, layer)) for layer in (first, second))]
        seeds.append(Seed(first, torch.ones_like(first)))
        for (rows, sheet), seed in zip(found(trace, seeds), seeds, strict=True):
            ((alone, own),) = found(trace, [seed])
            for row, expected in zip(rows, alone, strict=True):
                close(row, expected)
            close(sheet, own)


def test_that_a_seed_is_read_where_it_lies() -> None:
    with traced("llama") as trace:
        place, layer = middle(trace)
        ((rows, _),) = found(trace, [Seed(layer, torch.ones_like(layer))])
        close(rows[1 + place], layer.detach().sum(-1)[0])


def close(one: Any, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))
