"""The logit lens (nostalgebraist, 2020): what a model would predict if a layer were its last."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from torch import Tensor

from engine.attribution.inside.tail import logits_of
from engine.attribution.recording import Recording
from engine.attribution.targets.choices import Choices
from engine.protocol.failures import ModelError
from engine.protocol.inside import Glimpse
from engine.watch import Watch


def lens(recording: Recording, choices: Choices, position: int, number: int, k: int, watch: Watch) -> list[Glimpse]:
    """A row a layer, the last of them the model’s own predictions, bit for bit; of the choice `number` its place.

    Raises ModelError where layers have not the shape of the last, so that the tail cannot read them.
    """
    layers = recording.stacks[-1].layers
    if any(layer.shape != layers[-1].shape for layer in layers):
        raise ModelError(
            "The lens reads every layer as the last one is read, and the layers of this model differ in shape: it has "
            "none."
        )
    rows = []
    for i, layer in enumerate(layers):
        watch.step("lens", i, len(layers))
        rows.append(_glimpse(i, _read_at(recording, layer, choices), position, number, k))
    return rows


def _read_at(recording: Recording, layer: Tensor, choices: Choices) -> Choices:
    """The choices as they would be if `layer` were the last."""
    return replace(choices, logits=lru_cache(lambda at: logits_of(recording, layer.detach(), at).detach()))


def _glimpse(layer: int, choices: Choices, position: int, number: int, k: int) -> Glimpse:
    logits, shares = choices.logits(position).float(), choices.probabilities(position)
    rank = int((logits > logits[number]).sum()) + 1
    share = None if shares is None else float(shares[number])
    return Glimpse(layer, choices.predictions(k, position), float(logits[number]), share, rank)
