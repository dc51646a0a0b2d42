"""A model's output, as logits by position."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engine.protocol.failures import ModelError

WHOLE = -1  # the position of an answer to the whole input


def answers_of(output: Any, module: nn.Module) -> Tensor:
    """The logits (position, choice) of a batch of one; or (choice,), where there is one answer to the whole input.

    Raises ModelError where the output holds none, or what is not a number.
    """
    start, end = getattr(output, "start_logits", None), getattr(output, "end_logits", None)
    if isinstance(start, Tensor) and isinstance(end, Tensor):
        logits: Any = torch.stack([start, end], dim=-1)
    else:
        logits = getattr(output, "logits", output[0] if isinstance(output, tuple) else output)
    if not isinstance(logits, Tensor) or logits.ndim not in (2, 3) or len(logits) != 1:
        raise ModelError(
            f"{type(module).__name__} returned no logits: open it with a head, such as a LlamaForCausalLM or a "
            "BertForSequenceClassification."
        )
    if logits.isnan().any():
        raise ModelError(_why_not_numbers(module, logits.dtype), "model_damaged")
    return logits[0]


def _why_not_numbers(module: nn.Module, dtype: torch.dtype) -> str:
    for name, weight in module.named_parameters():
        if weight.is_floating_point() and weight.isnan().any():
            return f"The weights of {name} are not numbers (NaN): copy or download the model again."
    return f"The logits are not numbers (NaN) in {dtype}: open the model with dtype float32."
