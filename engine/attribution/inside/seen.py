"""One call of a block, seen operation by operation: a graph from what it was given to what it gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from engine.rules.operations import Arguments, Operation, Options, Rule
from engine.rules.scope import Observer


@dataclass(eq=False)
class Step:
    """One result of an operation. `sources` are the steps of those operands that the block was given or computed."""

    operation: Operation | None  # None: the block was given it
    args: Arguments
    options: Options
    sources: tuple[int, ...]
    result: Tensor
    depends: bool
    edge: GradientEdge | None  # what is written into later has another
    copy: Tensor | None = None  # of the result, where it was written into

    @property
    def value(self) -> Tensor:
        """The result as it was, without its graph."""
        return self.result.detach() if self.copy is None else self.copy

    @property
    def at(self) -> GradientEdge:
        """Where a backward pass begins or ends at a result that depends on the input."""
        assert self.edge is not None
        return self.edge


def unseen(*args: Any) -> Any:
    """Stands for what computed a tensor where no operation was seen to."""


class Seen:
    """Observes a call: the `steps`, in the order in which they ran. `runs` runs each operation."""

    def __init__(self, given: Sequence[Tensor], runs: Observer | None = None) -> None:
        self.steps: list[Step] = []
        self._runs = runs
        self._made: dict[int, int] = {}
        self._nodes: dict[Any, int] = {}  # of autograd's graph
        for tensor in given:
            self._note(None, (), {}, (), tensor)

    def __call__(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        if not torch.is_grad_enabled():  # in an autograd function, which is found by what it gives
            return self._run(operation, rule, args, options)
        operands = [*tensors((args, options))]
        for operand in operands:
            self._find(operand)
        sources = tuple(dict.fromkeys(self._made[id(x)] for x in operands if id(x) in self._made))
        versions = [_version(x) for x in operands]
        if sources and _overwrites(operation) and (number := self.step_of(args[0])) is not None:
            self.steps[number].copy = self.steps[number].value.clone()
        result = self._run(operation, rule, args, options)
        if sources:
            written = [x for x, version in zip(operands, versions, strict=True) if _version(x) != version]
            unwritten = {id(x) for x in operands} - {id(x) for x in written}
            for tensor in {id(x): x for x in (*tensors(result), *written)}.values():
                if id(tensor) not in unwritten:  # else it is handed on as it is
                    self._note(operation, args, options, sources, tensor)
        return result

    def _run(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        return rule(operation, args, options) if self._runs is None else self._runs(operation, rule, args, options)

    def step_of(self, tensor: object) -> int | None:
        """The step that gave a tensor last; None where that is made of nothing the block was given."""
        if isinstance(tensor, Tensor):
            self._find(tensor)
        return self._made.get(id(tensor))

    def _find(self, tensor: Tensor) -> None:
        """Notes a tensor that no operation was seen to give: autograd functions run unseen. Their graph is known."""
        if not tensor.requires_grad or id(tensor) in self._made or tensor.grad_fn is None:
            return
        found: set[int] = set()
        waiting, passed = [tensor.grad_fn], {tensor.grad_fn}
        while waiting:
            for node, _ in waiting.pop().next_functions:
                if node is None or node in passed:
                    continue
                passed.add(node)
                if node in self._nodes:
                    found.add(self._nodes[node])
                else:
                    waiting.append(node)
        if found:
            self._note(unseen, (), {}, tuple(sorted(found)), tensor)

    def _note(
        self, operation: Operation | None, args: Arguments, options: Options, sources: tuple[int, ...], tensor: Tensor
    ) -> None:
        self._made[id(tensor)] = len(self.steps)
        edge = get_gradient_edge(tensor) if tensor.requires_grad else None
        if edge is not None:
            self._nodes[edge.node] = len(self.steps)
        self.steps.append(Step(operation, args, options, sources, tensor, tensor.requires_grad, edge))


def tensors(values: object) -> Iterator[Tensor]:
    """The tensors in nested lists, tuples and mappings."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from tensors([*values.values()])
    elif isinstance(values, list | tuple):
        for value in values:
            yield from tensors(value)


def _overwrites(operation: Operation) -> bool:
    name = getattr(operation, "__name__", "")
    if name.startswith("__"):
        return name == "__setitem__" or name.startswith("__i")
    return name.endswith("_")


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
