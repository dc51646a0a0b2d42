"""A trace: one forward pass under a rule set, from which any number of targets can be explained."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from functools import cached_property
from types import TracebackType

import numpy as np
from torch import Tensor, nn

from engine.attribution.answering import Placed, choices_in, placed
from engine.attribution.backward import relevances
from engine.attribution.forecast import check_that_it_fits
from engine.attribution.inputs import bare_token, inputs_of_pixels, inputs_of_text
from engine.attribution.recording import BlockDone, Recording, record, under
from engine.attribution.resolving import resolve, value_of
from engine.models.opening import Model, load_model
from engine.protocol.failures import Stopped
from engine.protocol.messages import Phase
from engine.protocol.targets import Target, Top
from engine.protocol.values import DecoderRelevance, Prediction, Relevance, ResolvedTarget, Token
from engine.rules.table import RuleSet, rule_set

ReportProgress = Callable[[Phase, int, int], None]
AskCancelled = Callable[[], bool]

_PACKAGES = ("lxt-inspector", "torch", "transformers")


def trace(
    model: Model | nn.Module,
    prompt: str | None = None,
    *,
    input_ids: Sequence[int] | Tensor | None = None,
    context: str | None = None,
    decoder_text: str | None = None,
    pixel_values: Tensor | None = None,
    rules: str | RuleSet = "attnlrp",
    checkpointing: bool = False,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace:
    """One forward pass over `prompt`, over `input_ids` or over `pixel_values`, under `rules`.

    `context` is a second text, such as the one in which the answer to a question is found. `decoder_text` is what the
    decoder of an encoder-decoder model has written so far; without it the decoder is at its start token.
    `checkpointing` keeps one residual stream a block instead of everything in it, and computes the rest again when
    explaining: the same relevance for less memory and more time. `progress` hears of blocks, `cancelled` is asked at
    each. Raises PromptError, RulesError, DoesNotFit; Stopped where `cancelled` said so.
    """
    model = model if isinstance(model, Model) else load_model(model)
    chosen = rule_set(rules)
    if pixel_values is not None:
        inputs = inputs_of_pixels(model, pixel_values)
    else:
        inputs = inputs_of_text(model, prompt, input_ids, context, decoder_text)
    check_that_it_fits(model, inputs.length, checkpointing)
    recording = record(model.module, inputs, chosen, checkpointing, _block_done("forward", progress, cancelled))
    return Trace(model, recording)


class Trace:
    """One recorded forward pass. Holds its graph until it is closed; usable in `with`."""

    def __init__(self, model: Model, recording: Recording) -> None:
        self.model = model
        self.prompt = recording.inputs.prompt
        self.tokens = recording.inputs.tokens
        self.rules = recording.rules.name
        self._recorded: Recording | None = recording

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the graph and its memory."""
        self._recorded = None

    def logits(self, position: int = -1) -> np.ndarray:
        """The logits at `position`, float32 (vocabulary,), or (class,)."""
        choices = choices_in(self.model, self._recording)
        return choices.logits(choices.position(position)).detach().float().cpu().numpy()

    def predictions(self, k: int = 10, position: int = -1) -> tuple[Prediction, ...]:
        """The `k` most likely tokens to follow `position`, or to be there, or classes: the likeliest first."""
        return choices_in(self.model, self._recording).predictions(k, position)

    def explain(
        self,
        target: Target | None = None,
        *,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> Relevance:
        """Where `target` (the largest last logit, if none is given) came from: one backward pass, all layers."""
        return self.explain_many([Top() if target is None else target], progress=progress, cancelled=cancelled)[0]

    def explain_many(
        self,
        targets: Sequence[Target],
        *,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> list[Relevance]:
        """Where each of `targets` came from, in batched backward passes."""
        recording = self._recording
        choices = choices_in(self.model, recording)
        resolved = [resolve(target, choices) for target in targets]
        with under(recording.rules, recording.module):
            values = [value_of(target, choices) for target in resolved]
            found = relevances(recording, values, _block_done("backward", progress, cancelled))
        return [
            self._relevance(target, float(value.detach()), placed(recording, rows))
            for target, value, rows in zip(resolved, values, found, strict=True)
        ]

    def _relevance(self, target: ResolvedTarget, value: float, stacks: list[Placed]) -> Relevance:
        (input, layers), *decoders = stacks
        return Relevance(
            model=self.model.info,
            prompt=self.prompt,
            tokens=self.tokens,
            target=target,
            rules=self.rules,
            value=value,
            input=input,
            layers=layers,
            versions=_versions(),
            decoder=next((DecoderRelevance(self._decoder_tokens, *rows) for rows in decoders), None),
        )

    @cached_property
    def _decoder_tokens(self) -> tuple[Token, ...]:
        ids = self._recording.stacks[-1].ids
        return () if ids is None else tuple(bare_token(self.model, id) for id in ids[0].tolist())

    @property
    def _recording(self) -> Recording:
        if self._recorded is None:
            raise ValueError("This trace is closed: trace the prompt again.")
        return self._recorded


def _block_done(phase: Phase, progress: ReportProgress | None, cancelled: AskCancelled | None) -> BlockDone:
    def block_done(done: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise Stopped
        if progress is not None:
            progress(phase, done, total)

    return block_done


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
