"""The rating of an explanation of a picture by its deletion curve (Samek et al., 2017).

1. The picture is cut into patches, whose relevance is the sum of their pixels'.
2. Patches are taken away in steps, that is, filled with the picture's mean colour: the most relevant first.
3. The same, the least relevant first.
4. The farther apart the target's two curves, the better the explanation.

What falls is the target's log-probability, where the model gives probabilities: taking the picture away lowers the raw
logits of all classes, which says nothing of the one that is explained. Of a difference of two both are the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.attribution.calling import evaluating
from engine.attribution.read_out import choices_in
from engine.attribution.recording import Recording
from engine.attribution.targets.outputs import answers_of
from engine.attribution.targets.probabilities import log_probabilities
from engine.attribution.targets.resolving import value_of
from engine.models.kinds import scores_of
from engine.models.opening import Model
from engine.protocol.failures import ImageError
from engine.protocol.relevance import Relevance
from engine.watch import Watch

_PATCHES = 16  # along the longer side, where no layer has a grid

Curves = tuple[np.ndarray, np.ndarray, float]


def rate(
    model: Model,
    recording: Recording,
    relevance: Relevance,
    steps: int,
    watch: Watch,
) -> Curves:
    """The target's log-probability, or its value where there is none, as patches go, most and least relevant first,
    float32 (step + 1,), and how far they are apart.

    That is the area between the curves as a share of the fall from the whole picture to none.
    """
    pixels = recording.leaves[0].detach()
    if pixels.ndim != 4:
        raise ImageError("Only explanations of a picture can be rated: patches of it are taken away.")
    rows, columns = _patches(relevance)
    order = _order(relevance.input, rows, columns)
    steps = max(1, min(steps, order.numel()))
    choices = choices_in(model, recording)
    scores = scores_of(recording.module, model.info.predicts)
    empty = pixels.mean((2, 3), keepdim=True)

    def value_without(gone: Tensor) -> float:
        watch.check()
        mask = torch.zeros(rows * columns, device=pixels.device)
        mask[gone.to(pixels.device)] = 1
        away = F.interpolate(mask.reshape(1, 1, rows, columns), pixels.shape[2:]).bool()
        with evaluating(recording.module), torch.no_grad():
            logits = answers_of(recording.module(pixels.where(~away, empty)), recording.module)
        told = log_probabilities(logits, scores)
        return float(value_of(relevance.target, replace(choices, logits=lambda position: told)))

    sizes = [round(i * order.numel() / steps) for i in range(1, steps)]  # between the whole picture and none
    whole, none = value_without(order[:0]), value_without(order)
    falls = [falling[:size] for falling in (order, order.flip(0)) for size in sizes]
    values = []
    for gone in falls:
        values.append(value_without(gone))
        watch.step("rate", len(values), len(falls))
    most, least = (np.array([whole, *part, none], np.float32) for part in (values[: len(sizes)], values[len(sizes) :]))
    fall = abs(whole - none)
    return most, least, float((least - most).mean() / fall) if fall else 0.0


def _patches(relevance: Relevance) -> tuple[int, int]:
    grid = relevance.grids[0] if relevance.grids else None
    height, width = relevance.input.shape
    if grid is not None and grid.rows * grid.columns > 1 and (grid.rows, grid.columns) != (height, width):
        return min(grid.rows, height), min(grid.columns, width)
    longer = max(height, width)
    return max(1, round(_PATCHES * height / longer)), max(1, round(_PATCHES * width / longer))


def _order(relevance: np.ndarray, rows: int, columns: int) -> Tensor:
    """The patches' numbers, the most relevant first."""
    values = torch.from_numpy(np.nan_to_num(relevance))[None, None]
    return F.adaptive_avg_pool2d(values, (rows, columns)).flatten().argsort(descending=True, stable=True)
