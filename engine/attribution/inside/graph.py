"""The graph of a call's operations: what is made of what, and where attention is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from engine.attribution.inside.operations import FACTORS, FORMS, FUSED, MAPS, PRODUCTS, SOFTMAX
from engine.attribution.inside.seen import Step, tensors
from engine.rules.operations import attention_operands


@dataclass(frozen=True)
class Site:
    """A step whose values are what heads gave, or neurons: `by` computes them of attention weights, or maps them."""

    of: Literal["heads", "neurons"]
    step: int
    by: int


class Graph:
    """The steps of a call; relevance flows along those that depend on the input."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def before(self, number: int) -> list[int]:
        """The steps of its operands that depend on the input."""
        return [source for source in self.steps[number].sources if self.steps[source].depends]

    def ancestors(self, of: int, down_to: int) -> set[int]:
        """The steps behind a step, itself among them, no further than `down_to`."""
        found, waiting = {of}, [of]
        while waiting:
            number = waiting.pop()
            for source in self.before(number) if number != down_to else ():
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    def made_of(self, number: int) -> set[int]:
        """The steps that a step is made of, whether relevance goes to them or not."""
        found, waiting = {number}, [number]
        while waiting:
            for source in self.steps[waiting.pop()].sources:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    def source_of(self, number: int, operand: Tensor) -> int | None:
        return next((source for source in self.before(number) if self.steps[source].result is operand), None)

    def gradients(self, at: int, begin: Tensor, ends: Sequence[GradientEdge | Tensor]) -> list[Tensor | None]:
        """The gradients that `begin` at one step gives to others; None where it gives none."""
        to: Any = ends  # torch's types have either kind alone
        return [*torch.autograd.grad(self.steps[at].at, to, begin, retain_graph=True, allow_unused=True)]

    @cached_property
    def attentions(self) -> dict[int, Site]:
        """Every attention of the block, by the step that holds what its heads gave."""
        patterns: set[int] = set()
        found: dict[int, Site] = {}
        for number, step in enumerate(self.steps):
            if step.operation in FUSED:
                found[number] = Site("heads", number, number)
            elif step.operation in SOFTMAX:
                patterns.add(number)
            elif (weights := patterns.intersection(step.sources)) and step.result.is_floating_point():
                others = [source for source in step.sources if source not in patterns]
                if step.operation in PRODUCTS:
                    if not any(self.steps[n].depends for n in others) or not self._weighs(step, weights):
                        continue
                    found[number] = Site("heads", number, *weights)
                elif step.operation in FORMS or (not others and step.operation not in MAPS | FACTORS):
                    patterns.add(number)  # still weights: of another type, or some left out
        return found

    def value_of(self, site: Site) -> int:
        """The step whose values an attention weighs."""
        step = self.steps[site.step]
        if site.by != site.step:
            return next(n for n in self.before(site.step) if n != site.by)
        found = self.source_of(site.step, attention_operands(step.args, step.options)[0][2])
        return site.step if found is None else found

    def _weighs(self, step: Step, weights: Collection[int]) -> bool:
        """Whether a product is one by weights from the left, as attention is: einsum names its operands itself."""
        first = next(tensors(step.args), None)
        by_name = bool(step.args) and isinstance(step.args[0], str)
        return by_name or any(self.steps[number].result is first for number in weights)
