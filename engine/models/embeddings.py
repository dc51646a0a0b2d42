"""The word embeddings of a model: the module that makes vectors of its tokens."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel


def word_embeddings(module: nn.Module) -> tuple[nn.Module, ...]:
    """The module that is called with ids, or those of which one is: a model that is none of transformers does not say.

    None where there is none, or where several make the vectors together.
    """
    if not isinstance(module, PreTrainedModel):
        return tuple(part for part in module.modules() if isinstance(part, nn.Embedding))
    try:
        found = module.get_input_embeddings()
    except NotImplementedError:
        return ()
    return (found,) if isinstance(found, nn.Module) else ()  # a parameter is no module, which hears of no call
