"""The word embeddings of a model: the module that makes vectors of its tokens."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel


def word_embeddings(module: nn.Module) -> nn.Module | None:
    """The module that is called with ids; None where there is none, or where several make the vectors together."""
    if not isinstance(module, PreTrainedModel):
        return next((part for part in module.modules() if isinstance(part, nn.Embedding)), None)
    try:
        found = module.get_input_embeddings()
    except NotImplementedError:
        return None
    return found if isinstance(found, nn.Module) else None  # a parameter is no module, which hears of no call
