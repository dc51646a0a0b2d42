"""One block opened: what passes by, what its writers add, its heads, its neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from engine.attribution.inside.account import Account
from engine.attribution.inside.cuts import name_of
from engine.attribution.inside.heads import pattern_of, ways_of
from engine.attribution.inside.leading import leading
from engine.attribution.inside.replay import Replay
from engine.attribution.inside.sites import Laid, laid_out
from engine.attribution.inside.sources import Sources, matrix_of, sources_of
from engine.attribution.inside.words import Said
from engine.attribution.ledger.constants import wide
from engine.attribution.places import model_axis
from engine.protocol.failures import ModelError
from engine.protocol.inside import Neuron, Writer
from engine.protocol.rule_names import Attention

# For neurons of sites, by their places in each: what they raise, lower and read
SayWords = Callable[[Sequence[tuple[Laid, Sequence[int]]]], Sequence[Said]]


class Inside:
    """One block, run again under the rules of its trace, with the relevance of its parts.

    Everything is in logits and adds up: `skip` with what every writer `passed` and what `constants` of the stream took
    is what `arrives` behind the block; a writer's heads and neurons, its constants and what goes `by_others` are its
    `relevance`: to 1e-6 of the target in float32. `arrives` and `input` (what enters) are float32 (token,).
    """

    def __init__(
        self, block: int, replay: Replay, done: Account, arrived: Tensor, rules: Attention | None, words: SayWords
    ) -> None:
        self.block = block
        self._replay, self._done, self._rules, self._words = replay, done, rules, words
        self.arrives = self._by_token(replay.output, arrived)
        self.input = self._by_token(replay.input, done.gradient)
        self.skip = self._by_token(replay.input, done.alone)
        self.constants = done.constants

    @cached_property
    def writers(self) -> tuple[Writer, ...]:
        """What the block adds to the residual stream, in order."""
        return tuple(
            Writer(
                name_of(self._replay.graph, one.step, one.start),
                self._by_token(one.value, one.gradient),
                self._by_token(one.value, one.alone),
                _parts(laid for laid in self._heads if laid.writer == one.step),
                _parts(laid for laid in self._neurons if laid.writer == one.step),
                one.constants,
                one.by_others,
            )
            for one in self._done.writers
        )

    @cached_property
    def heads(self) -> np.ndarray | None:
        """Relevance, float32 (head, token): what each head gave, at the token that received it; None without heads.

        Where a block attends several times, as a decoder does to itself and to its source, its heads are counted on.
        """
        if not self._heads:
            return None
        table = np.full((self._heads[-1].parts.stop, max(one.tokens for one in self._heads)), np.nan, np.float32)
        for laid in self._heads:
            rows = laid.by_token(laid.arranged(self._product(laid)).sum(-1))
            table[laid.parts.start : laid.parts.stop, : laid.tokens] = rows.cpu().numpy()
        return table

    def sources(self, head: int, query: int | None = None) -> Sources:
        """Where a head took what it gave: float32 (query token, key token), whose rows sum to `heads[head]`; with its
        ways. Of one `query` alone a single row. Raises ModelError where there is no such head, or where it looks into
        windows.
        """
        laid, own = self._head(head)
        gradient = self._at(laid)
        return sources_of(
            lambda rows: ways_of(self._replay.graph, laid, own, gradient, self._rules, rows), laid.tokens, query
        )

    def pattern(self, head: int, query: int | None = None) -> np.ndarray:
        """The attention weights of a head, float32 (query token, key token), or those of one `query`; as `sources`."""
        laid, own = self._head(head)
        return matrix_of(lambda rows: pattern_of(self._replay.graph, laid, own, rows), laid.tokens, query)

    def neurons(self, k: int = 50, position: int | None = None) -> tuple[Neuron, ...]:
        """The `k` neurons with most relevance by magnitude, over all tokens or at one `position`; none without any."""
        found = [one for laid in self._neurons for one in leading(laid, self._product(laid), k, position)]
        found = sorted(found, key=lambda one: -abs(one.relevance))[:k]
        said = self._words([(one.laid, [one.place]) for one in found])
        return tuple(one.named(self.block, *words) for one, words in zip(found, said, strict=True))

    def neuron(self, index: int) -> np.ndarray:
        """The relevance of one neuron at every token, float32 (token,). Raises ModelError where there is none such."""
        own = [laid for laid in self._neurons if index in laid.parts]
        if not own:
            last = max((laid.parts.stop for laid in self._neurons), default=0) - 1
            there = f"its neurons are 0 to {last}" if self._neurons else "it has none"
            raise ModelError(f"Block {self.block} has no neuron {index}: {there}.")
        row = torch.zeros(1, own[0].tokens, dtype=torch.float64)
        for laid in own:  # experts whose maps run one after another have one each
            expert, column = divmod(index - laid.parts.start, laid.width)
            relevance = laid.arranged(self._product(laid))[:, column] * (laid.expert == expert)
            row += laid.by_token(relevance[None]).cpu()
        return row[0].numpy().astype(np.float32)

    @cached_property
    def experts(self) -> np.ndarray | None:
        """Relevance of the neurons of each expert, float32 (expert, token); None where there are no experts."""
        own = [laid for laid in self._neurons if laid.experts > 1]
        if not own:
            return None
        table = torch.zeros(max(laid.experts for laid in own), own[0].tokens, dtype=torch.float64)
        for laid in own:
            relevance = laid.arranged(self._product(laid)).sum(-1)
            for expert in range(laid.experts):
                table[expert] += laid.by_token((relevance * (laid.expert == expert))[None])[0].cpu()
        return table.numpy().astype(np.float32)

    @cached_property
    def _laid(self) -> list[Laid]:
        return laid_out(self._replay.graph, self._replay.stream, self._replay.block)

    @property
    def _heads(self) -> list[Laid]:
        return [laid for laid in self._laid if laid.site.of == "heads"]

    @property
    def _neurons(self) -> list[Laid]:
        return [laid for laid in self._laid if laid.site.of == "neurons"]

    def _at(self, laid: Laid) -> Tensor:
        """The gradient at a site."""
        return next(one.at_sites[laid.site.step] for one in self._done.writers if one.step == laid.writer)

    def _product(self, laid: Laid) -> Tensor:
        """Relevance at a site, entry by entry, in float32 or wider."""
        gradient = self._at(laid)
        return self._replay.graph.steps[laid.site.step].value.to(wide(gradient)) * gradient.to(wide(gradient))

    def _head(self, head: int) -> tuple[Laid, int]:
        """The attention that a head of the block is of, and its number there. Raises ModelError where there is none."""
        if not self._heads:
            raise ModelError(f"Block {self.block} has no attention heads: look at its neurons.")
        for laid in self._heads:
            if head in laid.parts:
                return laid, head - laid.parts.start
        raise ModelError(f"Block {self.block} has no head {head}: its heads are 0 to {self._heads[-1].parts.stop - 1}.")

    def _by_token(self, value: Tensor, gradient: Tensor) -> np.ndarray:
        """Value times gradient summed over the model, float32 (token,)."""
        gradient = gradient.to(wide(gradient))
        relevance = (value.to(gradient.dtype) * gradient).sum(model_axis(value, self._replay.output))
        row: np.ndarray = relevance.flatten().cpu().numpy().astype(np.float32)
        return row


def _parts(sites: Iterable[Laid]) -> tuple[int, int] | None:
    """The first number of the parts of a writer's sites, which follow one another, and the one behind their last."""
    ranges = [laid.parts for laid in sites]
    return (ranges[0].start, max(parts.stop for parts in ranges)) if ranges else None
