"""What is asked of one backward pass, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from engine.attribution.ledger.books import Books
from engine.attribution.recording import Recording
from engine.rules.beside import relevance_beside


class Gradients(NamedTuple):
    """What a backward pass gave to what was wanted of it."""

    leaves: Sequence[Tensor]
    constants: Sequence[Tensor]
    besides: Sequence[tuple[int, Tensor]]  # with the place each belongs to


class NoPath(Exception):
    """No gradient comes to any leaf of the input."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """The tensors whose gradients a backward pass is asked for at its end.

    A place is a number: of a leaf, or behind the leaves of a layer.
    """

    leaves: Sequence[Tensor]  # of the input
    constants: Sequence[Tensor]  # of the ledger
    besides: Sequence[tuple[int, Tensor]]  # where rules gave relevance to zeros: the place, and the tensor beside it

    def gradients(self, at: Sequence[Tensor], begin: Sequence[Tensor]) -> Gradients:
        """Those of a pass that begins with the gradients `begin` at the tensors `at`; zeros where it does not come."""
        tensors = [*self.leaves, *self.constants, *(beside for _, beside in self.besides)]
        grads = torch.autograd.grad(at, tensors, begin, retain_graph=True, allow_unused=True)
        if all(grad is None for grad in grads[: len(self.leaves)]):
            raise NoPath
        # A gradient that does not come is zero: of each of several seeds, where they go back together
        found = iter([torch.zeros_like(x) if grad is None else grad for x, grad in zip(tensors, grads, strict=True)])
        leaves, constants = [*islice(found, len(self.leaves))], [*islice(found, len(self.constants))]
        besides = [(place, grad) for (place, _), grad in zip(self.besides, found, strict=True)]
        return Gradients(leaves, constants, besides)


def wanted_of(recording: Recording, books: Books | None) -> Wanted:
    """What relevance in `recording` is read from."""
    places = [*recording.leaves, *recording.layers]
    besides = [(i, beside) for i, place in enumerate(places) if (beside := relevance_beside(place)) is not None]
    return Wanted(recording.leaves, books.leaves if books else (), besides)
