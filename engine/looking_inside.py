"""Answers about the inside of a trace’s blocks."""

from __future__ import annotations

from typing import assert_never

import numpy as np

from engine.attribution.inside.inside import Inside
from engine.attribution.trace import Trace
from engine.protocol.inside import Block, Head
from engine.protocol.messages import (
    BlockOpened,
    FindNeurons,
    HeadFound,
    HeadsFound,
    LayersRead,
    LookAtHead,
    LookAtHeads,
    NeuronsFound,
    OpenBlock,
    ReadLayers,
)
from engine.watch import Watch

Asked = LookAtHeads | LookAtHead | OpenBlock | FindNeurons | ReadLayers
Found = HeadsFound | HeadFound | BlockOpened | NeuronsFound | LayersRead


def look_inside(trace: Trace, asked: Asked, watch: Watch) -> Found:
    """What was asked of the trace of its question. Raises EngineError, Stopped."""
    target = asked.question.target
    match asked:
        case LookAtHeads(_, decoder):
            return HeadsFound(asked, trace.heads(target, decoder=decoder, **watch.keywords))
        case LookAtHead(_, block, head, decoder):
            return HeadFound(asked, _head(trace.inside(block, target, decoder=decoder), head))
        case OpenBlock(_, block, decoder, neurons):
            return BlockOpened(asked, _block(trace.inside(block, target, decoder=decoder), neurons))
        case FindNeurons(_, count, decoder):
            return NeuronsFound(asked, trace.neurons(target, count, decoder=decoder, **watch.keywords))
        case ReadLayers(_, count):
            return LayersRead(asked, trace.lens(k=count, target=target, **watch.keywords))
        case _:
            assert_never(asked)


def _head(inside: Inside, number: int) -> Head:
    sources, pattern = inside.sources(number), inside.pattern(number)
    plain = np.asarray(sources)
    return Head(plain, sources.value, sources.query, sources.key, pattern, sources.taken, sources.kept, sources.pooled)


def _block(inside: Inside, count: int) -> Block:
    return Block(
        inside.input,
        inside.skip,
        inside.arrives,
        inside.constants,
        inside.writers,
        inside.heads,
        inside.experts,
        inside.neurons(count),
    )
