"""A recording as what its model chooses from, and relevance read from it as arrays."""

from __future__ import annotations

import numpy as np

from engine.attribution.backward import Rows
from engine.attribution.recording import Recording
from engine.attribution.targets.choices import Choices
from engine.models.opening import Model
from engine.rules.table import Reading

Placed = tuple[np.ndarray, np.ndarray]  # at a leaf, and at its stack's layers; at pixels (channel, height, width)


def choices_in(model: Model, recording: Recording) -> Choices:
    """What `model` chose from in `recording`."""
    predicts = model.info.predicts if recording.length else "classes"
    return Choices(model, predicts, recording.length, recording.logits, _own_positions(model, recording))


def placed(recording: Recording, rows: Rows) -> list[Placed]:
    """The rows of a backward pass, stack by stack."""
    arrays = [row.cpu().numpy().astype(np.float32, copy=False) for row in rows]
    leaves, layers = arrays[: len(recording.leaves)], arrays[len(recording.leaves) :]
    stacks = []
    for leaf, stack in zip(leaves, recording.stacks, strict=True):
        own, layers = layers[: len(stack.layers)], layers[len(stack.layers) :]
        stacks.append((leaf, _table(own, len(leaf) if leaf.ndim == 1 else None, stack.padded)))
    return stacks


def over_channels(channels: np.ndarray, reading: Reading) -> np.ndarray:
    """The pixels' relevance (height, width), from that of their channels."""
    pixels: np.ndarray = np.linalg.norm(channels, axis=0) if reading == "gradient norm" else channels.sum(0)
    return pixels


def _table(rows: list[np.ndarray], tokens: int | None, padded: int) -> np.ndarray:
    """Layers (layer, token) as wide as the tokens, or the widest; a layer of fewer is filled up with NaN.

    A layer that has other tokens than the text is all NaN: nothing in it belongs to one token. Where the model padded
    the text by so many places, these are left out: they are constants.
    """
    flat = [row.reshape(-1) for row in rows]
    if padded and tokens:
        flat = [row[:tokens] if row.size == tokens + padded else row for row in flat]
    table = np.full((len(flat), tokens or max(row.size for row in flat)), np.nan, np.float32)
    for line, row in zip(table, flat, strict=True):
        if row.size == (tokens or row.size):
            line[: row.size] = row
    return table


def _own_positions(model: Model, recording: Recording) -> list[int]:
    tokens, second = recording.inputs.tokens, recording.inputs.second
    if model.info.predicts == "masked token":
        mask = getattr(model.tokenizer, "mask_token_id", None)
        return [i for i, token in enumerate(tokens) if mask is not None and token.id == mask]
    of_the_text = [i for i in second or range(len(tokens)) if not tokens[i].special]
    return [i for i in of_the_text if i < recording.length] or list(range(recording.length))
