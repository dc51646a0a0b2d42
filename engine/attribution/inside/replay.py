"""A block run again by itself, from what it was given, under the rules of its recording."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.attribution.inside.graph import Graph
from engine.attribution.inside.seen import Seen
from engine.attribution.inside.stream import Stream
from engine.attribution.ledger.books import Books
from engine.attribution.recording import Recording, Stack, under
from engine.protocol.failures import ModelError
from engine.rules.operations import Arguments, Operation, Options, Rule, acts


@dataclass(frozen=True, eq=False)
class Replay:
    """One block's call with its graph: what entered it is the first step, and `output` what left it."""

    block: nn.Module
    graph: Graph
    stream: Stream
    books: Books
    input: Tensor
    output: Tensor

    def back(
        self, at: int, begin: Tensor, to: Sequence[int], places: Collection[int] = ()
    ) -> tuple[list[Tensor], float]:
        """The gradients that `begin` at one step gives to others; and what constants at some places take of it."""
        steps, leaves = self.graph.steps, self.books.leaves_at(places)
        with self.books.opened():
            found = self.graph.gradients(at, begin, [*(steps[number].at for number in to), *leaves.values()])
            taken = self.books.taken(dict(zip(leaves, found[len(to) :], strict=True)), places)
        gradients = [
            torch.zeros_like(steps[number].value) if gradient is None else gradient
            for number, gradient in zip(to, found, strict=False)
        ]
        return gradients, taken


def replay(recording: Recording, stack: Stack, block: int) -> Replay:
    """Runs block `block` of a stack again. Raises ModelError where it does not give what it gave."""
    call, left = stack.calls[block], stack.outputs[block]
    given: dict[int, Tensor] = {}

    def leaf(tensor: Tensor) -> Tensor:
        if not tensor.requires_grad:
            return tensor
        if id(tensor) not in given:
            given[id(tensor)] = tensor.detach().requires_grad_().clone()  # which the block may overwrite
        return given[id(tensor)]

    leaf(stack.layers[block])
    args, kwargs = _mapped(leaf, call.args), _mapped(leaf, call.kwargs)
    books = Books(recording.rules)
    seen = Seen([*given.values()], lambda *operation: _entered(books, len(seen.steps), *operation))
    with recording.changes.again(), under(recording.rules, call.block, seen):
        answer = call.block(*args, **kwargs)
    output = answer[0] if isinstance(answer, tuple | list) else answer
    end = seen.step_of(output)
    if end is None or not torch.equal(output, left):
        raise ModelError(
            f"{type(call.block).__name__} {block} gives something else when it runs again on what it was given, so it "
            "cannot be opened: it keeps a state of its own between calls."
        )
    graph = Graph(seen.steps)
    entered = stack.layers[block].detach()
    return Replay(call.block, graph, Stream(graph, 0, end), books, entered, output.detach())


def _entered(books: Books, place: int, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
    """Runs an operation, under the eyes of the books where it depends on the input."""
    if not acts(args, options):
        return rule(operation, args, options)
    books.move(place)
    return books(operation, rule, args, options)


def _mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """`value` with its tensors changed, in nested lists, tuples and mappings."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(change, one) for one in value))
    if isinstance(value, list | tuple):
        return type(value)(_mapped(change, one) for one in value)
    if type(value) is dict:
        return {name: _mapped(change, one) for name, one in value.items()}
    return value
