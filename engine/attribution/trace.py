"""A trace: one forward pass under a rule set, from which any number of targets can be explained."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cache, cached_property
from types import TracebackType

import numpy as np
from torch import Tensor
from zennit.core import Composite

from engine.attribution.backward import Rows, relevances, seed_of
from engine.attribution.inputs.prompts import bare_token
from engine.attribution.inside.inside import Inside
from engine.attribution.inside.lens import lens
from engine.attribution.inside.opening import Insides
from engine.attribution.inside.parameters import Summed, parameters_of
from engine.attribution.ledger.books import Books, ledger_of
from engine.attribution.places import grid_of
from engine.attribution.rating import rate
from engine.attribution.read_out import choices_in, over_channels, placed
from engine.attribution.recording import Recording, going_back
from engine.attribution.targets.resolving import resolve, value_of
from engine.models.machine.modes import with_gradients
from engine.models.opening import Model
from engine.protocol.inside import Glimpse, Heads, Neuron
from engine.protocol.relevance import Part, PicturePart, Relevance, TextPart
from engine.protocol.targets import Target, Top
from engine.protocol.values import Ledger, Prediction, ResolvedTarget, Token, joined
from engine.rules.table import RuleSet, rule_set
from engine.watch import AskCancelled, ReportProgress, Watch

_PACKAGES = ("lxt-inspector", "torch", "transformers")


class Trace:
    """One recorded forward pass. Holds its graph until it is closed; usable in `with`."""

    def __init__(self, model: Model, recording: Recording, books: Books | None = None) -> None:
        self.model = model
        self.prompt = recording.inputs.prompt
        self.tokens = recording.inputs.tokens
        self.rules = recording.rules.name
        self._recorded: Recording | None = recording
        self._books = books
        self._opened: dict[bool, Insides] = {}

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the graph and its memory."""
        self._recorded = None
        self._opened.clear()

    def logits(self, position: int = -1) -> np.ndarray:
        """The logits at `position`, float32 (vocabulary,), or (class,)."""
        choices = choices_in(self.model, self._recording)
        return choices.logits(choices.position(position)).detach().float().cpu().numpy()

    @with_gradients()
    def predictions(self, k: int = 10, position: int = -1) -> tuple[Prediction, ...]:
        """The `k` most likely tokens to follow `position`, or to be there, or classes: the likeliest first."""
        return choices_in(self.model, self._recording).predictions(k, position)

    def explain(
        self,
        target: Target | None = None,
        *,
        rules: str | RuleSet | Composite | None = None,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> Relevance:
        """Where `target` (the largest last logit, if none is given) came from: one backward pass, all layers.

        `rules` may be other gammas than those of the trace. Raises RulesError where they need a trace of their own.
        """
        targets = [Top() if target is None else target]
        return self.explain_many(targets, rules=rules, progress=progress, cancelled=cancelled)[0]

    @with_gradients()
    def explain_many(
        self,
        targets: Sequence[Target],
        *,
        rules: str | RuleSet | Composite | None = None,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> list[Relevance]:
        """Where each of `targets` came from, in batched backward passes; `rules` as for `explain`."""
        recording = self._recording
        chosen = recording.rules if rules is None else rule_set(rules)
        choices = choices_in(self.model, recording)
        resolved = [resolve(target, choices) for target in targets]
        with recording.rules.read_as(chosen), going_back(recording):
            values = [value_of(target, choices) for target in resolved]
            seeds = [seed_of(value) for value in values]
            found = relevances(recording, seeds, Watch(progress, cancelled), self._books)
        return [
            self._relevance(target, float(value.detach()), chosen.name, rows, sheet)
            for target, value, (rows, sheet) in zip(resolved, values, found, strict=True)
        ]

    def _relevance(self, target: ResolvedTarget, value: float, rules: str, rows: Rows, sheet: Tensor) -> Relevance:
        return Relevance(
            model=self.model.info,
            parts=self._parts(rows),
            target=target,
            rules=rules,
            value=value,
            versions=versions(),
            ledger=self._ledger(value, rows, sheet),
        )

    def _parts(self, rows: Rows) -> tuple[Part, ...]:
        recording = self._recording
        (input, layers), *decoders = placed(recording, rows)
        if input.ndim == 1:
            first: Part = TextPart(self.prompt, self.tokens, input, layers)
        else:
            grids = tuple(grid_of(x, recording.leaves[0]) for x in recording.layers)
            pixels = over_channels(input, recording.rules.reading)
            first = PicturePart(pixels, layers, input, grids, recording.inputs.seen)
        tokens = self._decoder_tokens
        return first, *(TextPart(joined(tokens), tokens, *own) for own in decoders)

    @with_gradients()
    def inside(self, block: int, target: Target | None = None, *, decoder: bool = False) -> Inside:
        """One block opened for `target` (the largest last logit, if none is given): what its attention and its MLP add
        to the residual stream, its heads and its neurons. Of an encoder-decoder model a block of the encoder, or of the
        `decoder`.

        The block runs again by itself. Raises ModelError where there is no such block, RulesError where the rules have
        no relevance that adds up.
        """
        return self._insides(decoder).block(block, self._resolved(target))

    @with_gradients()
    def heads(
        self,
        target: Target | None = None,
        *,
        decoder: bool = False,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> Heads:
        """The relevance of every attention head of every block, in one backward pass. The first such call, or call of
        `neurons`, runs the model once more. Raises ModelError where it has no heads.
        """
        return self._insides(decoder).heads(self._resolved(target), Watch(progress, cancelled))

    @with_gradients()
    def neurons(
        self,
        target: Target | None = None,
        k: int = 100,
        *,
        decoder: bool = False,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> tuple[Neuron, ...]:
        """The `k` neurons of all blocks with most relevance by magnitude, over all tokens, in one backward pass."""
        return self._insides(decoder).neurons(self._resolved(target), k, Watch(progress, cancelled))

    @with_gradients()
    def lens(
        self,
        position: int = -1,
        k: int = 5,
        target: Target | None = None,
        *,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> tuple[Glimpse, ...]:
        """What the model would predict at `position` if a layer were its last: the `k` likeliest for every layer, and
        the place of the `target`, the likeliest of all if none is given. The last is what the model predicts, bit for
        bit. Raises ModelError where layers differ in shape.
        """
        choices = choices_in(self.model, self._recording)
        at = choices.position(position)
        chosen = resolve(Top(position) if target is None else target, choices).terms[0][1]
        return tuple(lens(self._recording, choices, at, chosen, k, Watch(progress, cancelled)))

    @with_gradients()
    def parameters(
        self,
        target: Target | None = None,
        modules: Sequence[str] | None = None,
        *,
        summed: Summed | None = None,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> dict[str, np.ndarray]:
        """The relevance of weights, each times its gradient, by parameter name and of its shape, float32 and in logits.

        `modules` are names or patterns such as `*.down_proj`; without, all that multiply by weights of their own.
        `summed` leaves one number for each "matrix", each "output" or each "input" of it: a down projection's inputs
        are neurons, an output projection's are those of heads. The model runs once more and stays as it is.
        """
        watch = Watch(progress, cancelled)
        return parameters_of(self.model, self._recording, self._resolved(target), modules, summed, watch)

    def _insides(self, decoder: bool) -> Insides:
        recording = self._recording
        if decoder not in self._opened:
            self._opened[decoder] = Insides(self.model, recording, decoder)
        return self._opened[decoder]

    def _resolved(self, target: Target | None) -> ResolvedTarget:
        return resolve(Top() if target is None else target, choices_in(self.model, self._recording))

    @with_gradients()
    def rate(
        self,
        relevance: Relevance,
        steps: int = 16,
        *,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """How well `relevance`, an explanation from this trace of a picture, tells what the model needs.

        The target's log-probability (its value, where the model gives none), float32 (step + 1,), as patches
        are taken away, the most relevant first, and last; and the area between these curves as a share of the whole
        fall: the deletion curve (Samek et al., 2017).
        """
        return rate(self.model, self._recording, relevance, steps, Watch(progress, cancelled))

    def _ledger(self, value: float, rows: Rows, sheet: Tensor) -> Ledger | None:
        if self._books is None:
            return None
        recording = self._recording
        count = len(recording.leaves)
        layers = rows[count : count + len(recording.stacks[0].layers)]
        rounded = "int8" if self._books.rounds_to_8_bits else self.model.info.dtype
        return ledger_of(value, rows[:count], layers, sheet, recording.rules, rounded)

    @cached_property
    def _decoder_tokens(self) -> tuple[Token, ...]:
        given, ids = self._recording.inputs.decoder, self._recording.stacks[-1].ids
        if given or ids is None:
            return given
        return tuple(bare_token(self.model, id) for id in ids[0].tolist())  # which the model made itself

    @property
    def _recording(self) -> Recording:
        if self._recorded is None:
            raise ValueError("This trace is closed: trace the prompt again.")
        return self._recorded


def versions() -> dict[str, str]:
    """The versions of the packages that compute relevance."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
