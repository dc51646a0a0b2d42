"""A part of the model that is looked at in place of a layer: a head, or a neuron."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.protocol.messages import (
    BlockOpened,
    Ending,
    Explain,
    FindNeurons,
    HeadFound,
    HeadsFound,
    LookAtHead,
    LookAtHeads,
    NeuronsFound,
    OpenBlock,
    Request,
)

Find = Callable[[Request], Ending | None]
HeadWay = Literal["asked", "all", "gave"]  # where a head took at the asked query, at all, or what it gave each token


@dataclass(frozen=True)
class HeadPart:
    """A head, by its block's number and its own."""

    block: int
    head: int

    @property
    def name(self) -> str:
        return f"head {self.block}.{self.head}"

    @property
    def place(self) -> str:
        """As part of a sentence that says where relevance is looked at."""
        return f"through {self.name}"

    @property
    def kind(self) -> str:
        return "head"

    def request(self, question: Explain) -> Request:
        """What to ask for its relevance by token."""
        return LookAtHeads(question)

    def is_known(self, question: Explain, find: Find) -> bool:
        """Whether there is an ending that tells its relevance, or that it has none."""
        return find(self.request(question)) is not None

    def tokens(self, question: Explain, find: Find) -> np.ndarray | None:
        """What it gave each token, float32 (token,); None where that is not known, or there is no such head."""
        found = find(self.request(question))
        if not isinstance(found, HeadsFound):
            return None
        blocks, heads = found.heads.relevance.shape
        if self.block >= blocks or self.head >= heads or np.isnan(found.heads.relevance[self.block, self.head]):
            return None
        gave: np.ndarray = found.heads.tokens[self.block, self.head]
        return gave

    def request_taken(self, question: Explain) -> Request:
        """What to ask for where it took what it gave."""
        return LookAtHead(question, self.block, self.head)

    def taken(self, question: Explain, find: Find, query: int | None) -> np.ndarray | None:
        """Where it took what it gave a query, or all of them, float32 (token,); None where that is not known.

        Nor is it of a long prompt, whose matrix has only the largest of many pairs.
        """
        found = find(self.request_taken(question))
        if not isinstance(found, HeadFound) or found.head.pooled > 1:
            return None
        sources = found.head.sources
        taken: np.ndarray = (
            sources.sum(axis=0, dtype=np.float64).astype(np.float32) if query is None else sources[query]
        )
        return taken


@dataclass(frozen=True)
class NeuronPart:
    """A neuron, by its block's number and its own."""

    block: int
    index: int

    @property
    def name(self) -> str:
        return f"neuron {self.block}.{self.index}"

    @property
    def place(self) -> str:
        """As part of a sentence that says where relevance is looked at."""
        return f"through {self.name}"

    @property
    def kind(self) -> str:
        return "neuron"

    def request(self, question: Explain) -> Request:
        """What to ask for its relevance by token."""
        return OpenBlock(question, self.block)

    def is_known(self, question: Explain, find: Find) -> bool:
        """Whether there is an ending that tells its relevance, or that it is not among those with most."""
        return self.tokens(question, find) is not None or find(self.request(question)) is not None

    def tokens(self, question: Explain, find: Find) -> np.ndarray | None:
        """Its relevance at each token, float32 (token,); None where that is not known, or it has little."""
        for request in (FindNeurons(question), self.request(question)):
            match find(request):
                case NeuronsFound(_, neurons):
                    pass
                case BlockOpened(_, block):
                    neurons = block.neurons
                case _:
                    continue
            for neuron in neurons:
                if (neuron.block, neuron.index) == (self.block, self.index):
                    return neuron.tokens
        return None


ModelPart = HeadPart | NeuronPart
