"""The backward pass: relevance at every layer, gathered as the gradient comes by.

1. It begins with a seed: a gradient at some tensor of the recording, such as 1 at a target's value.
2. As the gradient passes a layer, it is multiplied with the activation, summed over the model's width, and forgotten.
3. At its end it gives the leaves theirs, and the ledger's constants.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.attribution.gradients import on_gradient
from engine.attribution.ledger.books import Books
from engine.attribution.ledger.constants import wide
from engine.attribution.places import model_axis
from engine.attribution.recording import Recording, no_path
from engine.attribution.wanted import NoPath, Wanted, wanted_of
from engine.models.machine.memory import free_bytes
from engine.rules.table import Reading
from engine.watch import Watch

MOST_AT_ONCE = 8  # seeds in one backward pass: more take memory and hardly less time

# Relevance in float32 or wider, (token,), or (row, column) of a grid; at a leaf of pixels (channel, height, width)
Rows = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Seed:
    """Where a backward pass begins: a gradient, at a tensor of the recording and of its shape."""

    at: Tensor
    gradient: Tensor


def seed_of(value: Tensor) -> Seed:
    """The seed of a target: all of its value."""
    return Seed(value, torch.ones_like(value))


def relevances(
    recording: Recording, seeds: Sequence[Seed], watch: Watch, books: Books | None
) -> list[tuple[Rows, Tensor]]:
    """For each seed, the relevance of every leaf, then of every layer, as `recording` lists them; and the balance.

    Layers behind the seed have none. Several seeds share one batched backward pass, as many as memory allows: one where
    it is short enough for checkpointing. `watch` hears of each block. Raises ModelError where no path leads to the
    input.
    """
    wanted = wanted_of(recording, books)
    together = 1 if recording.checkpointing else _batch_size(recording, len(seeds))
    found: list[tuple[Rows, Tensor]] = []
    for start in range(0, len(seeds), together):
        batch = seeds[start : start + together]
        if len(batch) == 1:
            found.append(_gathered(recording, wanted, [batch[0].at], [batch[0].gradient], watch, books))
            continue
        at = list({id(seed.at): seed.at for seed in batch}.values())
        begin = [torch.stack([_gradient(seed, place) for seed in batch]) for place in at]  # (seed, ...) each
        with warnings.catch_warnings():
            # A kernel of which torch has no batched form goes back seed by seed, and torch says so.
            warnings.filterwarnings("ignore", message="There is a performance drop")
            rows, sheets = torch.vmap(
                lambda *begin, at=at: _gathered(recording, wanted, at, begin, watch, books)  # all of them at once
            )(*begin)
        for seed, row, sheet in zip(batch, zip(*rows, strict=True), sheets, strict=True):
            if any(bool(row[i].any()) for i in range(len(recording.leaves))):
                found.append((row, sheet))
            else:  # one to which no path leads has zeros where others have a path: alone it says so
                found.append(_gathered(recording, wanted, [seed.at], [seed.gradient], watch, books))
    return found


def _gradient(seed: Seed, place: Tensor) -> Tensor:
    return seed.gradient if seed.at is place else torch.zeros_like(place)


def _gathered(
    recording: Recording,
    wanted: Wanted,
    at: Sequence[Tensor],
    begin: Sequence[Tensor],
    watch: Watch,
    books: Books | None,
) -> tuple[Rows, Tensor]:
    """One backward pass with the gradients `begin` at `at`; gradients are read as they pass and not kept."""
    leaves, layers, reading = recording.leaves, recording.layers, recording.rules.reading
    rows: dict[int, Tensor] = {}
    handles = []
    for i, layer in enumerate(layers):

        def gather(grad: Tensor, i: int = i, layer: Tensor = layer) -> None:
            rows[i] = _read(layer, grad, reading, leaves[0])
            watch.step("backward", len(layers) - 1 - i, len(layers) - 1)

        handles.append(on_gradient(layer, gather))
    try:
        with books.opened() if books else nullcontext():
            grads = wanted.gradients(at, begin)
            sheet = leaves[0].new_zeros(())
            if books:
                sheet = books.balance(grads.constants, len(recording.stacks[0].layers) - 1, leaves[0])
    except NoPath:
        raise no_path(recording.module, recording.rules) from None
    finally:
        for handle in handles:
            handle.remove()
    found = [
        *(_read_leaf(leaf, grad, reading) for leaf, grad in zip(leaves, grads.leaves, strict=True)),
        # A layer that the seed does not depend on is passed by no gradient.
        *(
            rows[i] if i in rows else _read(layer, torch.zeros_like(layer), reading, leaves[0])
            for i, layer in enumerate(layers)
        ),
    ]
    for place, grad in grads.besides:
        ones = torch.ones_like(grad)
        read = _read_leaf(ones, grad, reading) if place < len(leaves) else _read(ones, grad, reading, leaves[0])
        found[place] = found[place] + read
    return tuple(found), sheet


def _read_leaf(leaf: Tensor, grad: Tensor, reading: Reading) -> Tensor:
    """The relevance (token,) of word embeddings, or (channel, height, width) of pixels."""
    if leaf.ndim != 4:
        return _read(leaf, grad, reading, leaf)
    grad = grad.to(wide(grad))
    return grad.abs()[0] if reading == "gradient norm" else (leaf.detach().to(grad.dtype) * grad)[0]


def _read(activation: Tensor, grad: Tensor, reading: Reading, leaf: Tensor) -> Tensor:
    """The relevance (token,) of an activation (1, token, model), or (row, column) of one in two dimensions."""
    axis, grad = model_axis(activation, leaf), grad.to(wide(grad))
    if reading == "gradient norm":
        norms: Tensor = grad.norm(dim=axis)
        return norms[0]
    relevance = activation.detach().to(grad.dtype) * grad
    return relevance.sum(axis)[0]


def _batch_size(recording: Recording, wanted: int) -> int:
    """How many gradients of the widest part of a block (about 24 residual streams) fit into half of what is free."""
    if wanted == 1:
        return 1
    stream = recording.embeddings.numel() * recording.embeddings.element_size()
    return max(1, min(wanted, MOST_AT_ONCE, free_bytes(recording.embeddings.device) // (2 * 24 * stream)))
