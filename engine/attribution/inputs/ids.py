"""Reads the ids of one prompt in any form that a tokenizer or a person gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.models.embeddings import word_embeddings
from engine.models.opening import Model
from engine.protocol.failures import PromptError
from engine.protocol.values import Token


def ids_of(given: Sequence[int] | Tensor, model: Model) -> list[int]:
    """The ids as a list, without the batch of one that tokenizers put around them. Raises PromptError."""
    try:
        ids = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise PromptError(f"input_ids are whole numbers, one for each token: {error}") from error
    if ids.dim() == 2 and len(ids) == 1:
        ids = ids[0]
    if ids.dim() != 1 or (ids.is_floating_point() and len(ids)):
        shape = ", ".join(str(size) for size in ids.shape)
        raise PromptError(f"input_ids are the whole numbers of one prompt, not {ids.dtype} of shape ({shape}).")
    listed: list[int] = ids.tolist()
    known = known_ids(model.module)
    span = "from 0" if known is None else f"from 0 to {known - 1:,}"
    for token in listed:
        if token < 0 or (known is not None and token >= known):
            raise PromptError(f"There is no token {token}: this model's ids go {span}.")
    return listed


def require_known(model: Model, tokens: Sequence[Token]) -> None:
    """Raises PromptError, naming it, where a token of the tokenizer is none that the model has an embedding for."""
    known = known_ids(model.module)
    for token in tokens:
        if known is not None and not 0 <= token.id < known:
            raise PromptError(
                f"The tokenizer has “{token.label}” as token {token.id}, and {model.info.title} has embeddings up to "
                f"{known - 1:,}: leave it out, or open the model with its own tokenizer.",
                "model_damaged",
            )


def known_ids(module: Any) -> int | None:
    """How many tokens the model has word embeddings for, where it tells."""
    embeddings = word_embeddings(module) if hasattr(module, "get_input_embeddings") else ()
    count = getattr(next(iter(embeddings), None), "num_embeddings", None)
    return count if isinstance(count, int) else None
