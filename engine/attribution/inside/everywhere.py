"""Heads and neurons of all blocks at once, in one backward pass.

The forward pass is made once more, seen block by block, and what heads gave and neurons were is kept of it with its
graph. Then one pass back reads their relevance as gradients come by, for any number of targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.attribution.gradients import on_gradient
from engine.attribution.inside.graph import Graph
from engine.attribution.inside.leading import Leading, leading
from engine.attribution.inside.seen import Seen
from engine.attribution.inside.sites import Laid, laid_out
from engine.attribution.inside.stream import Stream
from engine.attribution.ledger.constants import wide
from engine.attribution.recording import Recording, going_back, record
from engine.models.blocks import find_stacks
from engine.protocol.failures import ModelError
from engine.protocol.inside import Heads
from engine.rules.operations import Arguments, Operation, Options, Rule, depends
from engine.watch import Watch


class Sited(NamedTuple):
    """A site, and the block it is in."""

    block: int
    laid: Laid


@dataclass(frozen=True, eq=False)
class Everywhere:
    """A recording with the sites of the blocks of one of its stacks."""

    recording: Recording
    sites: list[Sited]
    blocks: int
    tokens: int

    def heads(self, value: Tensor, watch: Watch) -> Heads:
        """The relevance of every head of every block for a target. Raises ModelError where the model has none."""
        own = [one for one in self.sites if one.laid.site.of == "heads"]
        if not own:
            raise ModelError(
                f"{type(self.recording.module).__name__} has no attention heads: look at the neurons of its blocks."
            )
        size = (self.blocks, max(one.laid.parts.stop for one in own), max(one.laid.tokens for one in own))
        table = np.full(size, np.nan, np.float32)

        def read(one: Sited, relevance: Tensor) -> None:
            rows = one.laid.by_token(one.laid.arranged(relevance).sum(-1))
            table[one.block, one.laid.parts.start : one.laid.parts.stop, : one.laid.tokens] = rows.cpu().numpy()

        self._read(own, value, read, watch)
        sums = np.where(np.isnan(table).all(-1), np.nan, np.nansum(table, -1, dtype=np.float64))
        return Heads(sums.astype(np.float32), table)

    def neurons(self, value: Tensor, k: int, watch: Watch) -> list[tuple[int, Leading]]:
        """The `k` neurons of all blocks with most relevance by magnitude, each with its block."""
        own = [one for one in self.sites if one.laid.site.of == "neurons"]
        found: list[tuple[int, Leading]] = []

        def read(one: Sited, relevance: Tensor) -> None:
            least = abs(found[-1][1].relevance) if len(found) == k else 0.0
            found.extend((one.block, neuron) for neuron in leading(one.laid, relevance, k, None, least))
            found.sort(key=lambda each: -abs(each[1].relevance))
            del found[k:]

        self._read(own, value, read, watch)
        return found

    def _read(self, sites: list[Sited], value: Tensor, read: Callable[[Sited, Tensor], None], watch: Watch) -> None:
        """Has `read` called with each site and its relevance, entry by entry, as one backward pass comes by."""

        def passed(one: Sited, gradient: Tensor) -> None:
            watch.step("backward", self.blocks - 1 - one.block, self.blocks)
            read(one, one.laid.result.detach().to(wide(gradient)) * gradient.to(wide(gradient)))

        handles = [on_gradient(one.laid.result, partial(passed, one)) for one in sites]
        try:
            with going_back(self.recording):
                torch.autograd.grad(value, self.recording.leaves, retain_graph=True, allow_unused=True)
        finally:
            for handle in handles:
                handle.remove()


def everywhere(recording: Recording, decoder: bool, watch: Watch) -> Everywhere:
    """Makes the forward pass of a recording again, and lays out the sites of its blocks, or of its decoder's."""
    blocks = find_stacks(recording.module)[1 if decoder else 0]
    seen = _Blocks()
    with seen.watching(blocks):
        again = record(
            recording.module, recording.inputs, recording.rules, recording.checkpointing, watch, observer=seen
        )
    stack = again.stacks[1 if decoder else 0]
    return Everywhere(again, seen.sites, len(stack.calls), stack.layers[-1].shape[-2])


class _Blocks:
    """Observes the blocks of a stack, one after another, and keeps their sites."""

    def __init__(self) -> None:
        self.sites: list[Sited] = []
        self._seen: Seen | None = None
        self._block = 0

    def __call__(self, operation: Operation, rule: Rule, args: Arguments, options: Options) -> Any:
        if self._seen is None:
            return rule(operation, args, options)
        return self._seen(operation, rule, args, options)

    @contextmanager
    def watching(self, blocks: list[nn.Module]) -> Iterator[None]:
        """Inside the `with`, calls of `blocks` are seen."""
        handles = []
        for block in {id(block): block for block in blocks}.values():
            handles.append(block.register_forward_pre_hook(self._enter, with_kwargs=True))
            handles.append(block.register_forward_hook(self._leave))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = [x for x in (*args, *kwargs.values()) if depends(x)]
        self._seen = Seen(list({id(x): x for x in given}.values()))

    def _leave(self, block: nn.Module, args: Any, answer: Any) -> None:
        seen, self._seen = self._seen, None
        end = seen.step_of(answer[0] if isinstance(answer, tuple | list) else answer) if seen else None
        if seen is not None and end is not None:
            graph = Graph(seen.steps)
            self.sites += [Sited(self._block, laid) for laid in laid_out(graph, Stream(graph, 0, end), block)]
        self._block += 1
