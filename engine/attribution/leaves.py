"""Leaves at word embeddings: what they give is where the backward pass ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from engine.attribution.calling import embeddings_of
from engine.models.blocks import encoder_and_decoder
from engine.protocol.failures import ModelError


class _Made(NamedTuple):
    embedding: nn.Module
    ids: Tensor | None
    leaf: Tensor


def leaves_at_embeddings(
    module: nn.Module, given: Tensor, most: int, made: Callable[[int, Tensor, Tensor | None], None]
) -> Iterator[RemovableHandle]:
    """Makes leaves of what the word embeddings give: the encoder's, which run first, then the decoder's.

    `made` hears of each of at most `most`: its place, the leaf (1, token, model), and the ids it is of. Where it is not
    known which embeddings are those of words, they are the first that are called with the ids `given`, or with what is
    made of them. Called again with the same ids they give the same leaf. Raises ModelError where they are called with
    others.
    """
    leaves: list[_Made] = []
    known = {id(one): one for part in encoder_and_decoder(module) for one in embeddings_of(part)}
    are_of_words = len(known) <= most

    def embed(embedding: nn.Module, args: Any, kwargs: Any, output: Any) -> Tensor | None:
        ids = next((arg for arg in (*args, *kwargs.values()) if isinstance(arg, Tensor)), None)
        if not are_of_words and (_are_places(ids, given) or (leaves and embedding is not leaves[0].embedding)):
            return None
        if not isinstance(output, Tensor):
            raise ModelError(
                f"The word embeddings of {type(module).__name__} give a {type(output).__name__}, not vectors alone, so "
                "relevance would have nowhere to go. Open a model that makes vectors with an nn.Embedding."
            )
        if len(leaves) < most:
            words = given.shape[-1] if not leaves and _is_padded(ids, given) else None
            leaf = output[:, :words].detach().requires_grad_()
            made(len(leaves), leaf, ids)
            leaves.append(_Made(embedding, ids, leaf))
            if words is not None:  # what the model pads its prompt with is no word of it: constants
                return torch.cat((leaf, output[:, words:].detach()), dim=1)
        else:
            leaf = _made_before(module, leaves, embedding, ids)
        return leaf.clone()  # which the model may overwrite

    for embedding in known.values():
        yield embedding.register_forward_hook(embed, with_kwargs=True)


def never_called(module: nn.Module) -> ModelError:
    """The refusal of a model, or a block of one, that runs without word embeddings."""
    return ModelError(
        f"{type(module).__name__} runs without calling its word embeddings, so relevance would have nowhere to go. "
        "Open a model that makes vectors of its tokens with them."
    )


def _is_padded(ids: Tensor | None, given: Tensor) -> bool:
    """Whether `ids` (1, place) are the tokens `given` with more behind them."""
    if ids is None or ids.ndim != 2 or given.ndim != 2 or ids.shape[1] <= given.shape[1]:
        return False
    return torch.equal(ids[:, : given.shape[1]], given.to(ids))


def _made_before(module: nn.Module, leaves: list[_Made], embedding: nn.Module, ids: Tensor | None) -> Tensor:
    """The leaf that `embedding` made of the same ids. Raises ModelError where there is none."""
    for one in leaves:
        if one.embedding is embedding and ids is not None and one.ids is not None and torch.equal(ids, one.ids):
            return one.leaf
    raise ModelError(
        f"{type(module).__name__} calls its word embeddings more than once and with other tokens, of which some "
        "would get no relevance. Open a model that calls them once for its prompt."
    )


def _are_places(ids: Tensor | None, given: Tensor) -> bool:
    """Whether `ids` are not tokens but their positions or types: they count, or are all alike, as `given` do not."""
    if ids is None:
        return True
    called, tokens = ids.reshape(-1).tolist(), given.reshape(-1).tolist()
    steps = {after - before for before, after in pairwise(called)}
    return called != tokens and (steps <= {0} or steps == {1})
