"""Measures, on the model itself, how far relevance in half precision can be trusted."""

from __future__ import annotations

import copy

import numpy as np
import torch

from engine.attribution.tracing import trace
from engine.models.information import describe
from engine.models.machine.memory import free_bytes
from engine.models.opening import Model
from engine.protocol.failures import EngineError
from engine.protocol.targets import Token
from engine.watch import UNWATCHED, Watch

_LARGEST = 2_000_000_000  # parameters: beyond, the check would hold up opening for longer than it takes to explain
_LENGTH = 48  # tokens of the check's prompt
_HALF = ("bfloat16", "float16")
_SPARE = 2  # times what the copy in float32 takes must be free


def agreement_with_float32(model: Model, watch: Watch = UNWATCHED) -> float | None:
    """The rank correlation of the tokens' relevance (AttnLRP) with that in float32, on a short prompt of random ids.

    None where the model is not in half precision, or is too large for a copy in float32 beside it.
    """
    info = model.info
    if info.dtype not in _HALF or info.source.quantization or info.parameters > _LARGEST:
        return None
    devices = {parameter.device for parameter in model.module.parameters()}
    if len(devices) > 1 or 4 * info.parameters * _SPARE > free_bytes(info.device):
        return None
    length = min(_LENGTH, info.max_tokens or _LENGTH)
    ids = torch.randint(info.vocabulary, (length,), generator=torch.Generator().manual_seed(0)).tolist()
    try:
        with trace(model, input_ids=ids, cancelled=watch.cancelled) as half:
            found = half.explain()
        target = Token(found.target.terms[0][1])  # the same logit: rounding may change which is the largest
        full = copy.deepcopy(model.module).float()
        copied = Model(full, None, describe(full, info.source, info.title, None))
        with trace(copied, input_ids=ids, cancelled=watch.cancelled) as exact:
            return rank_correlation(found.input, exact.explain(target).input)
    except EngineError:  # what cannot be explained says so when it is asked for
        return None


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rho of two relevances (token,); 0 where one of them is not a number or all alike."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return 0.0
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float) for values in (one, other)]
    if min(np.ptp(one), np.ptp(other)) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
