"""The insides of a trace: its blocks opened for a target, one or all of them, and what its layers would predict."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.attribution.inside.account import account
from engine.attribution.inside.everywhere import Everywhere, everywhere
from engine.attribution.inside.inside import Inside
from engine.attribution.inside.leading import Leading
from engine.attribution.inside.replay import replay
from engine.attribution.inside.words import Said, Words
from engine.attribution.read_out import choices_in
from engine.attribution.recording import Recording, Stack, going_back
from engine.attribution.targets.resolving import value_of
from engine.models.opening import Model
from engine.protocol.failures import ModelError, RulesError
from engine.protocol.inside import Heads, Neuron
from engine.protocol.values import ResolvedTarget
from engine.watch import Watch


class Insides:
    """What is inside the blocks of a recording, or of its decoder’s.

    Gradients of the last target, and the forward pass that is seen block by block, are kept. Raises ModelError where
    the model has no decoder, RulesError where the rules have no relevance that adds up.
    """

    def __init__(self, model: Model, recording: Recording, decoder: bool) -> None:
        if decoder and len(recording.stacks) < 2:
            raise ModelError(
                f"{type(recording.module).__name__} has no decoder beside an encoder: leave `decoder` out."
            )
        if recording.rules.reading == "gradient norm":
            raise RulesError(
                f"{recording.rules.title} reads the length of gradients, which has no parts that add up: open blocks "
                "under AttnLRP, CP-LRP or input × gradient."
            )
        self._model, self._recording, self._decoder = model, recording, decoder
        self._arrived: tuple[ResolvedTarget, list[Tensor]] | None = None
        self._seen: Everywhere | None = None
        self._said: dict[tuple[int, int], Said] = {}  # by block and neuron: what their weights say of the words

    def block(self, number: int, target: ResolvedTarget) -> Inside:
        """One block opened. Raises ModelError where there is no such block, or where it cannot be run again."""
        blocks = len(self._stack.calls)
        if not 0 <= number < blocks:
            raise ModelError(f"There is no block {number}: the blocks are 0 to {blocks - 1}.")
        arrived = self._arrivals(target)[number]
        again = replay(self._recording, self._stack, number)
        words = self._words(self._recording, target)
        return Inside(number, again, account(again, arrived), arrived, self._recording.rules.attention, words.of)

    def heads(self, target: ResolvedTarget, watch: Watch) -> Heads:
        """The relevance of every head of every block."""
        seen = self._everywhere(watch)
        return seen.heads(self._value(seen.recording, target), watch)

    def neurons(self, target: ResolvedTarget, k: int, watch: Watch) -> tuple[Neuron, ...]:
        """The `k` neurons of all blocks with most relevance by magnitude."""
        seen = self._everywhere(watch)
        found = seen.neurons(self._value(seen.recording, target), k, watch)
        new = [one for one in found if (one[0], one[1].index) not in self._said]
        by_site: dict[int, list[tuple[int, Leading]]] = {}
        for block, one in new:
            by_site.setdefault(id(one.laid), []).append((block, one))
        asked = [(some[0][1].laid, [one.place for _, one in some]) for some in by_site.values()]
        said = self._words(seen.recording, target).of(asked) if asked else []
        of_site = [(block, one.index) for some in by_site.values() for block, one in some]
        self._said |= dict(zip(of_site, said, strict=True))
        return tuple(one.named(block, *self._said[block, one.index]) for block, one in found)

    @property
    def _stack(self) -> Stack:
        return self._recording.stacks[1 if self._decoder else 0]

    def _everywhere(self, watch: Watch) -> Everywhere:
        if self._seen is None:
            self._seen = everywhere(self._recording, self._decoder, watch)
        return self._seen

    def _value(self, recording: Recording, target: ResolvedTarget) -> Tensor:
        with going_back(recording):
            return value_of(target, choices_in(self._model, recording))

    def _words(self, recording: Recording, target: ResolvedTarget) -> Words:
        return Words(recording, choices_in(self._model, recording), target.position)

    def _arrivals(self, target: ResolvedTarget) -> list[Tensor]:
        """The gradients of the target at what left each block; zeros where none comes."""
        if self._arrived is None or self._arrived[0] != target:
            value, at = self._value(self._recording, target), self._stack.outputs
            with going_back(self._recording):
                found = torch.autograd.grad(value, at, retain_graph=True, allow_unused=True)
            self._arrived = target, [torch.zeros_like(x) if g is None else g for x, g in zip(at, found, strict=True)]
        return self._arrived[1]
