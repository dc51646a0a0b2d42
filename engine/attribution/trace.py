"""A trace: one forward pass under a rule set, from which any number of targets can be explained."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cache, cached_property
from types import TracebackType
from typing import Any, overload

import numpy as np
from torch import Tensor, nn
from zennit.core import Composite

from engine.attribution.answering import choices_in, over_channels, placed
from engine.attribution.attention import check_attention
from engine.attribution.backward import Rows, relevances
from engine.attribution.forecast import check_that_it_fits
from engine.attribution.generating import Generation
from engine.attribution.inputs import Inputs, inputs_of_pixels, inputs_of_text
from engine.attribution.ledger import Books, ledger_of
from engine.attribution.places import grid_of
from engine.attribution.prompts import Prompt, bare_token, prompt_of, without_padding
from engine.attribution.rating import rate
from engine.attribution.recording import BlockDone, Recording, record, under
from engine.attribution.resolving import resolve, value_of
from engine.attribution.traces import Traces
from engine.models.chat import Message
from engine.models.opening import Model, load_model
from engine.models.progress import AskCancelled, ReportProgress
from engine.models.sight import AnyImage, see
from engine.protocol.failures import PromptError, Stopped
from engine.protocol.messages import Phase
from engine.protocol.targets import Target, Top
from engine.protocol.values import (
    Continuation,
    DecoderRelevance,
    Ledger,
    Prediction,
    Relevance,
    ResolvedTarget,
    Token,
)
from engine.rules.table import RuleSet, rule_set

_PACKAGES = ("lxt-inspector", "torch", "transformers")


@overload
def trace(
    model: Model | nn.Module,
    prompt: str | Generation | None = None,
    *,
    messages: Sequence[Message] | None = None,
    input_ids: Sequence[int] | Tensor | None = None,
    attention_mask: None = None,
    continuation: Continuation | None = None,
    context: str | None = None,
    decoder_text: str | None = None,
    image: AnyImage | None = None,
    pixel_values: Tensor | None = None,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace: ...


@overload
def trace(
    model: Model | nn.Module,
    prompt: list[str] | tuple[str, ...],
    *,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Traces: ...


@overload
def trace(
    model: Model | nn.Module,
    *,
    input_ids: Any,
    attention_mask: Any,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Traces: ...


def trace(
    model: Model | nn.Module,
    prompt: str | Generation | list[str] | tuple[str, ...] | None = None,
    *,
    messages: Sequence[Message] | None = None,
    input_ids: Any = None,
    attention_mask: Any = None,
    continuation: Continuation | None = None,
    context: str | None = None,
    decoder_text: str | None = None,
    image: AnyImage | None = None,
    pixel_values: Tensor | None = None,
    rules: str | RuleSet | Composite = "attnlrp",
    checkpointing: bool = False,
    ledger: bool = True,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace | Traces:
    """One forward pass under `rules` over a prompt: a text, what `generate` gave, `messages` in the model's chat
    template, or `input_ids`; or over an `image`, a file or a picture, or its `pixel_values` as the model expects them.

    A list of prompts gives `Traces`, one after another, and so do `input_ids` (batch, token) with an `attention_mask`,
    padded on either side: each answer is what it is alone. `continuation` says which end of `prompt` the model said.

    `context` is a second text, such as the one in which the answer to a question is found. `decoder_text` is what the
    decoder of an encoder-decoder model has written so far; without it the decoder is at its start token.
    `checkpointing` keeps one residual stream a block instead of everything in it, and computes the rest again when
    explaining: the same relevance for less memory and more time. Without `ledger`, where relevance went beside
    the input is not written down, which takes a little less time. `progress` hears of blocks, `cancelled` is asked at
    each. Raises PromptError, ModelError, RulesError, DoesNotFit; Stopped where `cancelled` said so.
    """
    opened = model if isinstance(model, Model) else load_model(model)
    chosen = rule_set(rules)
    check_attention(opened.module)

    def recorded(inputs: Inputs) -> Trace:
        check_that_it_fits(opened, inputs.length, checkpointing)
        block_done = _block_done("forward", progress, cancelled)
        if not ledger or chosen.reading == "gradient norm":
            return Trace(opened, record(opened.module, inputs, chosen, checkpointing, block_done))
        books = Books()
        with books.watching(opened.module):
            made = record(opened.module, inputs, chosen, checkpointing, block_done, books, books.move)
        return Trace(opened, made, books)

    def one(given: Prompt) -> Trace:
        return recorded(inputs_of_text(opened, given, decoder_text))

    if (image is not None or pixel_values is not None) and (prompt or messages or context or decoder_text):
        raise PromptError("A picture is explained without any text: leave prompt, context and decoder_text out.")
    if image is not None:
        return recorded(inputs_of_pixels(opened, *see(opened, image)))
    if pixel_values is not None:
        return recorded(inputs_of_pixels(opened, pixel_values))
    if isinstance(prompt, Generation):
        return one(Prompt(prompt.text, prompt.tokens))
    if attention_mask is not None:
        rows = without_padding(input_ids, attention_mask)
        return Traces(len(rows), lambda i: one(prompt_of(opened, input_ids=rows[i])))
    if prompt is not None and not isinstance(prompt, str):
        texts = list(prompt)
        return Traces(len(texts), lambda i: one(prompt_of(opened, texts[i])))
    return one(prompt_of(opened, prompt, messages, input_ids, continuation, context))


class Trace:
    """One recorded forward pass. Holds its graph until it is closed; usable in `with`."""

    def __init__(self, model: Model, recording: Recording, books: Books | None = None) -> None:
        self.model = model
        self.prompt = recording.inputs.prompt
        self.tokens = recording.inputs.tokens
        self.rules = recording.rules.name
        self._recorded: Recording | None = recording
        self._books = books

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
        rules: str | RuleSet | Composite | None = None,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> Relevance:
        """Where `target` (the largest last logit, if none is given) came from: one backward pass, all layers.

        `rules` may be other gammas than those of the trace. Raises RulesError where they need a trace of their own.
        """
        targets = [Top() if target is None else target]
        return self.explain_many(targets, rules=rules, progress=progress, cancelled=cancelled)[0]

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
        with recording.rules.read_as(chosen), under(recording.rules, recording.module):
            values = [value_of(target, choices) for target in resolved]
            found = relevances(recording, values, _block_done("backward", progress, cancelled), self._books)
        return [
            self._relevance(target, float(value.detach()), chosen.name, rows, sheet)
            for target, value, (rows, sheet) in zip(resolved, values, found, strict=True)
        ]

    def _relevance(self, target: ResolvedTarget, value: float, rules: str, rows: Rows, sheet: Tensor) -> Relevance:
        recording = self._recording
        (input, layers), *decoders = placed(recording, rows)
        channels = input if input.ndim == 3 else None
        return Relevance(
            model=self.model.info,
            prompt=self.prompt,
            tokens=self.tokens,
            target=target,
            rules=rules,
            value=value,
            input=input if channels is None else over_channels(channels, recording.rules.reading),
            layers=layers,
            versions=versions(),
            decoder=next((DecoderRelevance(self._decoder_tokens, *own) for own in decoders), None),
            ledger=self._ledger(value, rows, sheet),
            seen=recording.inputs.seen,
            channels=channels,
            grids=() if channels is None else tuple(grid_of(x, recording.leaves[0]) for x in recording.layers),
        )

    def rate(
        self,
        relevance: Relevance,
        steps: int = 16,
        *,
        progress: ReportProgress | None = None,
        cancelled: AskCancelled | None = None,
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """How well `relevance`, an explanation from this trace of a picture, tells what the model needs.

        The target's value, float32 (step + 1,), as patches are taken away, the most relevant first, and last; and the
        area between these curves as a share of the whole fall: the deletion curve (Samek et al., 2017).
        """
        return rate(self.model, self._recording, relevance, steps, progress, cancelled)

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
