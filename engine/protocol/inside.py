"""What is inside the blocks of a model: writers, heads and neurons with their relevance, and predictions by layer."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.protocol.values import Prediction

# What a writer is by what it computes: `mixer` mixes tokens without attention, `rest` is what none of these is
WriterName = Literal["attention", "cross attention", "mlp", "experts", "mixer", "rest"]


class Writer(Struct, frozen=True, eq=False):
    """One of the terms that a block adds to the residual stream, in logits.

    `relevance`, float32 (token,): what it holds in all: its value times the gradient right behind it, which later
    writers of the block share. `passed`, float32 (token,): what of it arrives behind the block by itself; the
    difference goes through later writers and is counted there. `constants` took so much of `relevance`, such as the
    bias of its last linear map, and `by_others` is what reaches it past its heads and neurons, such as by a router.
    `head_span` and `neuron_span` are its heads' and neurons' first number in the block and the one behind their last.
    """

    name: WriterName
    relevance: np.ndarray
    passed: np.ndarray
    head_span: tuple[int, int] | None = None
    neuron_span: tuple[int, int] | None = None
    constants: float = 0.0
    by_others: float = 0.0

    @property
    def heads(self) -> range:
        """The numbers of its heads in the block."""
        return range(*self.head_span or (0, 0))

    @property
    def neurons(self) -> range:
        """The numbers of its neurons in the block."""
        return range(*self.neuron_span or (0, 0))


class Neuron(Struct, frozen=True, eq=False):
    """A neuron: an entry of what the last linear map of an MLP is given, or a channel of a mixer.

    `relevance`, in logits, over all tokens or at the one asked for; `position` is the token where it is largest, and
    `activation` the neuron's value there. `tokens`, float32 (token,), is its relevance token by token.

    `raises` and `lowers` are the tokens (or classes) whose logits its output weights raise and lower most, `reads` the
    tokens whose embeddings its input weights match best; all from the weights alone, and none where what follows is not
    linear.
    """

    block: int
    index: int
    relevance: float
    activation: float
    position: int
    tokens: np.ndarray
    raises: tuple[str, ...] = ()
    lowers: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class Heads(Struct, frozen=True, eq=False):
    """The relevance of every attention head of every block, in logits.

    `tokens`, float32 (block, head, token): what each head gave, at the token that received it. `relevance`, float32
    (block, head), is its sum over tokens. NaN where a block has fewer heads than the widest.
    """

    relevance: np.ndarray
    tokens: np.ndarray


class Block(Struct, frozen=True, eq=False):
    """A block opened, in logits: `skip`, what every writer passed and `constants` are what `arrives` behind it.

    `input`, `skip` and `arrives` are float32 (token,); `heads` float32 (head, token) and `experts` (expert, token),
    None where there are none. `neurons` are those with most relevance.
    """

    input: np.ndarray
    skip: np.ndarray
    arrives: np.ndarray
    constants: float
    writers: tuple[Writer, ...]
    heads: np.ndarray | None
    experts: np.ndarray | None
    neurons: tuple[Neuron, ...]


class Head(Struct, frozen=True, eq=False):
    """What one head took, float32 (query token, key token): in all and by way, None of a way that nothing goes.

    `pattern` are its attention weights. `taken` and `kept`, float32 (query token,), are each query's sum, and what the
    softmax keeps of it. Where the prompt is long, a cell of the matrices has `pooled` tokens a side and is the largest
    of its pairs by magnitude.
    """

    sources: np.ndarray
    value: np.ndarray
    query: np.ndarray | None
    key: np.ndarray | None
    pattern: np.ndarray
    taken: np.ndarray
    kept: np.ndarray
    pooled: int = 1


class Glimpse(Struct, frozen=True):
    """What the model would predict if a layer were its last: the likeliest choices, and the target's place among all.

    `layer` 0 is what enters the first block. `rank` is 1 for the likeliest; the probability is None where logits are
    amounts.
    """

    layer: int
    predictions: tuple[Prediction, ...]
    logit: float
    probability: float | None
    rank: int
