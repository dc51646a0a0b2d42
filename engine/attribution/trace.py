"""A trace: one forward pass under a rule set, from which any number of targets can be explained."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from types import TracebackType

import numpy as np
import torch
from torch import Tensor, nn

from engine.attribution.backward import relevances
from engine.attribution.forecast import check_that_it_fits
from engine.attribution.ids import ids_of
from engine.attribution.recording import BlockDone, Recording, record, under
from engine.attribution.resolving import position_in, resolve, value_of
from engine.models.opening import Model, load_model
from engine.models.tokens import token_label, tokenize
from engine.protocol.failures import PromptError, Stopped
from engine.protocol.messages import Phase
from engine.protocol.targets import Target, Top
from engine.protocol.values import Prediction, Relevance, Token
from engine.protocol.wording import in_tokens
from engine.rules.table import RuleSet, rule_set

ReportProgress = Callable[[Phase, int, int], None]
AskCancelled = Callable[[], bool]

_PACKAGES = ("lxt-inspector", "torch", "transformers")


def trace(
    model: Model | nn.Module,
    prompt: str | None = None,
    *,
    input_ids: Sequence[int] | Tensor | None = None,
    rules: str | RuleSet = "attnlrp",
    checkpointing: bool = False,
    progress: ReportProgress | None = None,
    cancelled: AskCancelled | None = None,
) -> Trace:
    """One forward pass over `prompt`, or over `input_ids`, under `rules`.

    `checkpointing` keeps one residual stream a block instead of everything in it, and computes the rest again when
    explaining: the same relevance for less memory and more time. `progress` hears of blocks, `cancelled` is asked at
    each. Raises PromptError, RulesError, DoesNotFit; Stopped where `cancelled` said so.
    """
    model = model if isinstance(model, Model) else load_model(model)
    chosen = rule_set(rules)
    if prompt is not None:
        tokens = tuple(tokenize(model, prompt))
    elif input_ids is not None:
        tokens = tuple(_bare_token(model, token) for token in ids_of(input_ids, model))
    else:
        raise PromptError("There is nothing to explain: give a prompt or input_ids.", "prompt_empty")
    _check_length(model, len(tokens))
    check_that_it_fits(model, len(tokens), checkpointing)
    ids = torch.tensor([[token.id for token in tokens]], device=model.info.device)
    recording = record(model.module, ids, chosen, checkpointing, _block_done("forward", progress, cancelled))
    return Trace(model, prompt or "", tokens, recording)


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
                versions=_versions(),
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


def _bare_token(model: Model, token: int) -> Token:
    label = str(token) if model.tokenizer is None else token_label(model, token)[1]
    return Token(token, "", 0, 0, label)


def _check_length(model: Model, length: int) -> None:
    if length == 0:
        raise PromptError("The prompt is empty: type something to explain.", "prompt_empty")
    limit = model.info.max_tokens
    if limit is not None and length > limit:
        raise PromptError(f"The prompt has {in_tokens(length)}; {model.info.title} takes {limit:,}. Shorten it.")


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
