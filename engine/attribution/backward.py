"""The backward pass: relevance at every layer, gathered as the gradient comes by."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from engine.attribution.gradients import on_gradient
from engine.attribution.ledger.books import Books
from engine.attribution.ledger.constants import wide
from engine.attribution.places import model_axis
from engine.attribution.recording import Recording
from engine.models.machine.memory import free_bytes
from engine.rules.composites import relevance_beside
from engine.rules.table import Reading
from engine.watch import Watch

MOST_AT_ONCE = 8  # targets in one backward pass: more take memory and hardly less time

# Relevance in float32 or wider, (token,), or (row, column) of a grid; at a leaf of pixels (channel, height, width)
Rows = tuple[Tensor, ...]


def relevances(
    recording: Recording, values: Sequence[Tensor], watch: Watch, books: Books | None
) -> list[tuple[Rows, Tensor]]:
    """For each value, the relevance of every leaf, then of every layer, as `recording` lists them; and the balance.

    Several values share one batched backward pass, as many as memory allows: one where it is short enough for
    checkpointing. `watch` hears of each block.
    """
    together = 1 if recording.checkpointing else _batch_size(recording, len(values))
    found: list[tuple[Rows, Tensor]] = []
    for start in range(0, len(values), together):
        batch = torch.stack(list(values[start : start + together]))
        if len(batch) == 1:
            found.append(_gathered(recording, batch, torch.ones_like(batch), watch, books))
            continue
        seeds = torch.eye(len(batch), device=batch.device, dtype=batch.dtype)
        with warnings.catch_warnings():
            # A kernel of which torch has no batched form goes back target by target, and torch says so.
            warnings.filterwarnings("ignore", message="There is a performance drop")
            rows, sheets = torch.vmap(
                lambda seed, batch=batch: _gathered(recording, batch, seed, watch, books)  # all of them at once
            )(seeds)
            found += zip(zip(*rows, strict=True), sheets, strict=True)
    return found


def _gathered(
    recording: Recording, values: Tensor, seed: Tensor, watch: Watch, books: Books | None
) -> tuple[Rows, Tensor]:
    """One backward pass from `values` weighted by `seed`; gradients are read as they pass and not kept."""
    leaves, layers, reading = recording.leaves, recording.layers, recording.rules.reading
    besides = [(i, x) for i, place in enumerate([*leaves, *layers]) if (x := relevance_beside(place)) is not None]
    rows: dict[int, Tensor] = {}
    handles = []
    for i, layer in enumerate(layers):

        def gather(grad: Tensor, i: int = i, layer: Tensor = layer) -> None:
            rows[i] = _read(layer, grad, reading, leaves[0])
            watch.step("backward", len(layers) - 1 - i, len(layers) - 1)

        handles.append(on_gradient(layer, gather))
    try:
        with books.opened() if books else nullcontext():
            wanted = [*leaves, *(books.leaves if books else ()), *(beside for _, beside in besides)]
            grads = torch.autograd.grad(
                values, wanted, seed, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            sheet = leaves[0].new_zeros(())
            if books:
                given = grads[len(leaves) : len(wanted) - len(besides)]
                sheet = books.balance(given, len(recording.stacks[0].layers) - 1, leaves[0])
    finally:
        for handle in handles:
            handle.remove()
    found = [
        *(_read_leaf(leaf, grad, reading) for leaf, grad in zip(leaves, grads[: len(leaves)], strict=True)),
        # A layer that the value does not depend on is passed by no gradient.
        *(
            rows[i] if i in rows else _read(layer, torch.zeros_like(layer), reading, leaves[0])
            for i, layer in enumerate(layers)
        ),
    ]
    for (i, beside), grad in zip(besides, grads[len(wanted) - len(besides) :], strict=True):
        ones = torch.ones_like(beside)
        read = _read_leaf(ones, grad, reading) if i < len(leaves) else _read(ones, grad, reading, leaves[0])
        found[i] = found[i] + read
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
