"""Answers about the inside of made-up models: blocks whose sums close, with a head and a neuron that lead."""

from __future__ import annotations

import numpy as np

from engine.protocol.inside import Block, Glimpse, Neuron, Writer
from engine.protocol.messages import BlockOpened, Explain, FindNeurons, LayersRead, NeuronsFound, OpenBlock, ReadLayers
from engine.protocol.values import Prediction
from tests.inspector.answers import BLOCKS, VOCABULARY, answer_to

HEADS, NEURONS = 3, 8


def block_opened(asked: OpenBlock) -> BlockOpened:
    """A block with attention, half of which goes through its MLP, and constants."""
    count = _places(asked.question)
    random = np.random.default_rng([asked.block, *asked.question.rules.encode()])
    skip, mlp = (random.normal(size=count).astype(np.float32) for _ in range(2))
    heads = random.normal(size=(HEADS, count)).astype(np.float32)
    holds = heads.sum(axis=0)
    writers = (
        Writer("attention", holds, holds / 2, head_span=(0, HEADS)),
        Writer("mlp", mlp, mlp, neuron_span=(0, NEURONS), constants=0.25),
    )
    neurons = tuple(neuron(asked.block, place, count) for place in range(NEURONS - 2))
    arrives = skip + holds / 2 + mlp
    return BlockOpened(asked, Block(skip + mlp, skip, arrives, 0.5, writers, heads, None, neurons[: asked.neurons]))


def neurons_found(asked: FindNeurons) -> NeuronsFound:
    """Two neurons of each block."""
    count = _places(asked.question)
    return NeuronsFound(asked, tuple(neuron(block, place, count) for block in range(BLOCKS) for place in range(2)))


def layers_read(asked: ReadLayers) -> LayersRead:
    """The target comes nearer to the first place from layer to layer."""
    likely = [Prediction(100 + rank, text, text, 9.0 - rank, 0.5 / 2**rank) for rank, text in enumerate(VOCABULARY)]
    layers = range(BLOCKS + 1)
    return LayersRead(
        asked, tuple(Glimpse(layer, tuple(likely), 3.0 + layer, 0.01 * layer, 1 + BLOCKS - layer) for layer in layers)
    )


def neuron(block: int, number: int, count: int) -> Neuron:
    """The one with the least number has most relevance, every other one is against, and each is most at its number."""
    tokens = np.full(count, 0.01, np.float32) * (-1) ** number
    tokens[number % count] = (-1) ** number / (1 + number)
    words = (f" up{number}", f" high{block}"), (f" down{number}",), (f" seen{number}",)
    return Neuron(block, number, float(tokens.sum()), 0.5, number % count, tokens, *words)


def _places(question: Explain) -> int:
    return int(answer_to(question).relevance.layers.shape[1])
