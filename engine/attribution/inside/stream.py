"""The residual stream's way through a block, and what is added to it.

A tensor lies on the stream where every path from the block's input to its output goes through it: these are the
output's dominators. Between two of them lies one operation, as a norm behind a sum, or paths that part and meet again
in a sum: the skip, which changes nothing, and the writers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from engine.attribution.inside.graph import Graph
from engine.attribution.inside.operations import ADDITIONS, SUBTRACTIONS, SWAPPED, is_activation, is_map
from engine.attribution.inside.seen import tensors


@dataclass(frozen=True)
class Term:
    """One of the terms of a sum: a step, and what it is multiplied with."""

    step: int
    factor: float


@dataclass(frozen=True)
class Stretch:
    """From one place of the stream to the next, both steps. Without writers it is passed as a whole."""

    start: int
    end: int
    skips: tuple[Term, ...] = ()
    writers: tuple[Term, ...] = ()


class Stream:
    """The way from the step `start` to the step `end` of a graph."""

    def __init__(self, graph: Graph, start: int, end: int) -> None:
        self.graph, self.start, self.end = graph, start, end

    @cached_property
    def stretches(self) -> list[Stretch]:
        """The stream, place by place; none where no path leads through the block."""
        return [self._stretch(before, after) for before, after in pairwise(self._dominators())]

    @property
    def writers(self) -> list[tuple[int, int]]:
        """The steps that are added to the stream, in order, each with the place of the stream it reads."""
        return [
            (term.step, stretch.start)
            for stretch in self.stretches
            for term in sorted(stretch.writers, key=lambda term: term.step)
        ]

    def _dominators(self) -> list[int]:
        nearest, depth = {self.start: self.start}, {self.start: 0}  # of each step that depends on the start
        for number in sorted(self.graph.ancestors(self.end, self.start)):
            meeting: int | None = None
            for source in self.graph.before(number):
                if number == self.start or source not in depth:
                    continue
                other = source
                while meeting is not None and meeting != other:
                    if depth[meeting] > depth[other]:
                        meeting = nearest[meeting]
                    else:
                        other = nearest[other]
                meeting = other
            if meeting is not None:
                nearest[number], depth[number] = meeting, depth[meeting] + 1
        if self.end not in nearest:
            return []
        places = [self.end]
        while places[-1] != self.start:
            places.append(nearest[places[-1]])
        return places[::-1]

    def _stretch(self, start: int, end: int) -> Stretch:
        terms = list(self._terms(start, Term(end, 1.0)))
        skips = tuple(term for term in terms if self._leads_lightly(start, term.step))
        if len(terms) < 2 or not skips:
            return Stretch(start, end)
        return Stretch(start, end, skips, tuple(term for term in terms if term not in skips))

    def _terms(self, start: int, of: Term) -> Iterator[Term]:
        """The terms of a sum, and of the sums in it that are of several writers."""
        found = self._summed(of)
        if not found:
            yield of
        for term in found:
            if term.step != start and self._is_parted(start, term.step):
                yield from self._terms(start, term)
            else:
                yield term

    def _is_parted(self, start: int, number: int) -> bool:
        """Whether a sum within a sum has the skip in it, or attention beside something else."""
        terms = [term.step for term in self._summed(Term(number, 1.0))]
        if any(self._leads_lightly(start, term) or self._is_parted(start, term) for term in terms):
            return True
        attend = [not self.graph.attentions.keys().isdisjoint(self.graph.ancestors(term, start)) for term in terms]
        return any(attend) and not all(attend)

    def _summed(self, of: Term) -> list[Term]:
        """The two operands of a sum, if both depend on the input and have its shape; else none."""
        step = self.graph.steps[of.step]
        alpha = float(step.options.get("alpha", 1))
        if step.operation in ADDITIONS:
            factors = (1.0, alpha)
        elif step.operation in SUBTRACTIONS:
            factors = (1.0, -alpha)
        elif step.operation in SWAPPED:
            factors = (-alpha, 1.0)
        else:
            return []
        operands = [*tensors((step.args, step.options))]
        if len(operands) != 2 or operands[0].shape != operands[1].shape:
            return []
        numbers = [self.graph.source_of(of.step, operand) for operand in operands]
        return [
            Term(number, of.factor * factor)
            for number, factor in zip(numbers, factors, strict=True)
            if number is not None and None not in numbers
        ]

    def _leads_lightly(self, start: int, number: int) -> bool:
        """Whether a step is the step `start` but for its form, its norm or a number it is multiplied with."""
        while number != start:
            step, before = self.graph.steps[number], self.graph.before(number)
            if len(before) != 1 or is_map(step.operation) or is_activation(step.operation):
                return False
            (number,) = before
        return True
