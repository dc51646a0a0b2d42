"""Relevance inside a block: one backward pass through its replay, from what left it to what entered it.

Notation (block b, writer u): o_u is what u adds to the stream, G the whole gradient right behind it, P that of the
stream alone, past which nothing of the block reads. A writer holds o_u · G and passes o_u · P; what enters the block
passes x · P by; and x · P + Σ o_u · P, with what constants take on the stream, is what arrives behind the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from engine.attribution.inside.cuts import cut
from engine.attribution.inside.replay import Replay
from engine.attribution.inside.stream import Stretch
from engine.attribution.ledger.constants import product


@dataclass(frozen=True, eq=False)
class Written:
    """What a writer added to the stream, which it read at the step `start`, with the gradients G and P right behind it.

    `at_sites` are the gradients at its heads and neurons, by their step.
    """

    step: int
    start: int
    value: Tensor
    gradient: Tensor
    alone: Tensor
    at_sites: Mapping[int, Tensor]
    constants: float
    by_others: float


@dataclass(frozen=True, eq=False)
class Account:
    """What one backward pass through a block found; `writers` in the order in which they ran.

    `gradient` and `alone` are G and P at what entered the block, `constants` what the stream's own took of P.
    """

    gradient: Tensor
    alone: Tensor
    writers: Sequence[Written]
    constants: float


def account(replay: Replay, gradient: Tensor) -> Account:
    """The pass that begins with `gradient` at what left the block."""
    whole = alone = gradient
    written: list[Written] = []
    constants = 0.0
    for stretch in reversed(replay.stream.stretches):
        if stretch.writers:
            whole, alone = _past_writers(replay, stretch, whole, alone, written)
        else:
            start, end = stretch.start, stretch.end
            within = replay.graph.ancestors(end, start) - {start}
            (alone,), taken = replay.back(end, alone, [start], within)
            (whole,), _ = replay.back(end, whole, [start])
            constants += taken
    return Account(whole, alone, written[::-1], constants)


def _past_writers(
    replay: Replay, stretch: Stretch, whole: Tensor, alone: Tensor, written: list[Written]
) -> tuple[Tensor, Tensor]:
    """Both gradients at the start of a stretch, from those at its end; what its writers added goes to `written`."""
    steps, start = replay.graph.steps, stretch.start
    at_start: list[Tensor] = []
    at_start_alone: list[Tensor] = []
    for term in stretch.skips:
        for gradient, found in ((whole, at_start), (alone, at_start_alone)):
            begin = gradient * term.factor
            found += [begin] if term.step == start else replay.back(term.step, begin, [start])[0]
    for term in sorted(stretch.writers, key=lambda term: -term.step):
        pieces = cut(replay.graph, term.step, start)
        to = [start, *(site.step for site in pieces.sites), *pieces.others]
        begin = whole * term.factor
        (entered, *gradients), taken = replay.back(term.step, begin, to, pieces.behind)
        at_start.append(entered)
        at_sites = {site.step: gradient for site, gradient in zip(pieces.sites, gradients, strict=False)}
        others = zip(pieces.others, gradients[len(at_sites) :], strict=True)
        by_others = sum(float(product(gradient, steps[n].value)) for n, gradient in others)
        value, passing = steps[term.step].value, alone * term.factor
        written.append(Written(term.step, start, value, begin, passing, at_sites, taken, by_others))
    return sum_of(at_start), sum_of(at_start_alone)


def sum_of(tensors: Sequence[Tensor]) -> Tensor:
    """The sum of at least one tensor."""
    first, *others = tensors
    for other in others:
        first = first + other
    return first
