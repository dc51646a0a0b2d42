"""A trace: one forward pass under a rule set, from which any number of targets can be explained."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from types import TracebackType
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor, nn

from engine.attribution.attention import check_attention
from engine.attribution.backward import relevances
from engine.attribution.forecast import check_that_it_fits
from engine.attribution.generating import Generation
from engine.attribution.prompts import Prompt, prompt_of, without_padding
from engine.attribution.recording import BlockDone, Recording, record, under
from engine.attribution.resolving import position_in, resolve, value_of
from engine.attribution.traces import Traces
from engine.models.chat import Message
from engine.models.opening import Model, load_model
from engine.models.progress import AskCancelled, ReportProgress
from engine.models.tokens import token_label
from engine.protocol.failures import PromptError, Stopped
from engine.protocol.messages import Phase
from engine.protocol.targets import Target, Top
from engine.protocol.values import Continuation, Prediction, Relevance, Token
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
    rules: str | RuleSet = "attnlrp",
    checkpointing: bool = False,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace: ...


@overload
def trace(
    model: Model | nn.Module,
    prompt: list[str] | tuple[str, ...],
    *,
    rules: str | RuleSet = "attnlrp",
    checkpointing: bool = False,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Traces: ...


@overload
def trace(
    model: Model | nn.Module,
    *,
    input_ids: Any,
    attention_mask: Any,
    rules: str | RuleSet = "attnlrp",
    checkpointing: bool = False,
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
    rules: str | RuleSet = "attnlrp",
    checkpointing: bool = False,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace | Traces:
    """One forward pass under `rules` over a prompt: a text, what `generate` gave, `messages` in the model's chat
    template, or `input_ids`.

    A list of prompts gives `Traces`, one after another, and so do `input_ids` (batch, token) with an `attention_mask`,
    padded on either side: each answer is what it is alone. `continuation` says which end of `prompt` the model said.

    `checkpointing` keeps one residual stream a block instead of everything in it, and computes the rest again when
    explaining: the same relevance for less memory and more time. `progress` hears of blocks, `cancelled` is asked at
    each. Raises PromptError, ModelError, RulesError, DoesNotFit; Stopped where `cancelled` said so.
    """
    opened = model if isinstance(model, Model) else load_model(model)
    chosen = rule_set(rules)
    check_attention(opened.module)

    def one(given: Prompt) -> Trace:
        _check_length(opened, len(given.tokens))
        check_that_it_fits(opened, len(given.tokens), checkpointing)
        ids = torch.tensor([[token.id for token in given.tokens]], device=opened.info.device)
        block_done = _block_done("forward", progress, cancelled)
        return Trace(opened, given.text, given.tokens, record(opened.module, ids, chosen, checkpointing, block_done))

    if isinstance(prompt, Generation):
        return one(Prompt(prompt.text, prompt.tokens))
    if attention_mask is not None:
        rows = without_padding(input_ids, attention_mask)
        return Traces(len(rows), lambda i: one(prompt_of(opened, input_ids=rows[i])))
    if prompt is not None and not isinstance(prompt, str):
        texts = list(prompt)
        return Traces(len(texts), lambda i: one(prompt_of(opened, texts[i])))
    return one(prompt_of(opened, prompt, messages, input_ids, continuation))


class Trace:
    """One recorded forward pass. Holds its graph until it is closed; usable in `with`."""

    def __init__(self, model: Model, prompt: str, tokens: tuple[Token, ...], recording: Recording) -> None:
        self.model = model
        self.prompt = prompt
        self.tokens = tokens
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
        """The logits at `position`, float32 (vocabulary,)."""
        return self._recording.logits(position_in(position, len(self.tokens))).detach().float().cpu().numpy()

    def predictions(self, k: int = 10, position: int = -1) -> tuple[Prediction, ...]:
        """The `k` most likely tokens to follow `position`, the likeliest first."""
        logits = self._recording.logits(position_in(position, len(self.tokens))).detach().float()
        probabilities = logits.softmax(-1)
        values, ids = logits.topk(min(k, logits.numel()))
        return tuple(
            Prediction(token, *token_label(self.model, token), logit, float(probabilities[token]))
            for token, logit in zip(ids.tolist(), values.tolist(), strict=True)
        )

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
        resolved = [resolve(target, self.model, len(self.tokens), recording.logits) for target in targets]
        with under(recording.rules, recording.module):
            values = [value_of(target, recording.logits) for target in resolved]
            maps = relevances(recording, values, _block_done("backward", progress, cancelled))
        return [
            Relevance(
                model=self.model.info,
                prompt=self.prompt,
                tokens=self.tokens,
                target=target,
                rules=self.rules,
                value=float(value.detach()),
                input=map_[0].cpu().numpy(),
                layers=map_[1:].cpu().numpy(),
                versions=versions(),
            )
            for target, value, map_ in zip(resolved, values, maps, strict=True)
        ]

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


def _check_length(model: Model, length: int) -> None:
    if length == 0:
        raise PromptError("The prompt is empty: type something to explain.", "prompt_empty")
    limit = model.info.max_tokens
    if limit is not None and length > limit:
        raise PromptError(f"The prompt has {length:,} tokens; {model.info.title} takes {limit:,}. Shorten it.")


def versions() -> dict[str, str]:
    """The versions of the packages that compute relevance."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
