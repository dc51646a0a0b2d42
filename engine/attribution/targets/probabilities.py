"""Probabilities of choices, where a model gives any."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.models.kinds import Scores


def log_probabilities(logits: Tensor, scores: Scores) -> Tensor:
    """The logarithms of the probabilities; the logits where there are none."""
    match scores:
        case "independent":
            return torch.nn.functional.logsigmoid(logits)
        case "exclusive" if logits.numel() > 1:
            return logits.log_softmax(-1)
        case _:
            return logits


def probabilities(logits: Tensor, scores: Scores) -> Tensor | None:
    """The probabilities (choice,) of `logits` (choice,); None where they are no choice, as those of a regression are.

    One logit alone, of a reranker or a reward model, excludes nothing: its softmax is 1 whatever it is.
    """
    match scores:
        case "independent":
            return torch.sigmoid(logits)
        case "exclusive" if logits.numel() > 1:
            return logits.softmax(-1)
        case _:
            return None
