"""Calls of a model: in evaluation mode, for chosen logits, from its trunk's output on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from engine.anatomy import parts_of, parts_that
from engine.attribution.inputs.given import Inputs
from engine.attribution.stray_states import Changes, taken_back
from engine.attribution.targets.outputs import answers_of
from engine.models.embeddings import word_embeddings
from engine.protocol.failures import EngineError, ModelError, PromptError, Stopped
from engine.rules.scope import constant_parameters, replaced_forward


def plain_logits(module: nn.Module, inputs: Inputs) -> Tensor:
    """The last logits (choice,) as the model gives them, without rules: what “bit for bit” is measured against.

    Operations are those that have gradients, and parameters have none, as under rules: by that torch chooses kernels,
    which round otherwise (a linear map of a 4-d operand is folded or not, fused attention takes a mask or not).
    """
    with evaluating(module), constant_parameters(module), torch.no_grad(), _without_fast_attention():
        logits = answers_of(call(module, inputs, 1), module)
    return logits if logits.ndim == 1 else logits[-1]


@contextmanager
def _without_fast_attention() -> Iterator[None]:
    """Inside, nn.MultiheadAttention takes no kernel without a gradient, which rounds otherwise than the one with."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[Changes]:
    """Inside the `with`, every part of `module` is in evaluation mode; what it changes in itself is taken back.

    The changes are there afterwards.
    """
    parts = parts_of(module)
    training = [part for part in parts if part.training]
    if training and parts_that(_changes_modes_itself, module):
        module.eval()
    for part in training:
        part.__dict__["training"] = False  # past the way of modules to set attributes, which takes ten times as long
    try:
        with taken_back(parts) as changes:
            yield changes
    finally:
        for part in training:
            part.__dict__["training"] = True


def _changes_modes_itself(part: nn.Module) -> bool:
    return type(part).train is not nn.Module.train or type(part).eval is not nn.Module.eval


def call(module: nn.Module, inputs: Inputs, logits_to_keep: int | Tensor) -> Any:
    """The model's output for `inputs`, with the logits asked for where it can be asked for some.

    Raises ModelError where its forward requires what nothing here can give.
    """
    known = _arguments(module)
    # Without a trunk of its own the model cannot be run again from there: every logit is computed at once.
    wanted: dict[str, Any] = {"use_cache": False, **inputs.others}
    if trunk_of(module) is not module:
        wanted["logits_to_keep"] = logits_to_keep
    wanted |= _required(module, known, {*wanted}, inputs)
    named = {name: value for name, value in wanted.items() if name in known}
    if _would_cache(module):  # though its forward does not name the option, and hands it on
        named["use_cache"] = False
    with in_a_sentence(module, None if inputs.tokens else inputs.main):
        return module(inputs.main, **named)


def _would_cache(module: nn.Module) -> bool:
    """Whether a model keeps what it computes for the next call, unless it is told not to."""
    caches = isinstance(module, PreTrainedModel) and getattr(module.config, "use_cache", False)
    return bool(caches) and {"cache", "kwargs"} <= _arguments(module).keys()


def _required(module: nn.Module, known: Mapping[str, bool], given: set[str], inputs: Inputs) -> dict[str, Tensor]:
    """What the forward requires beside its first argument and what it is given, as it is for one prompt alone."""
    lacking = [name for name in list(known)[1:] if known[name] and name not in given]
    neutral = _NEUTRAL if inputs.tokens else {}
    if unknown := [name for name in lacking if name not in neutral]:
        raise ModelError(
            f"The forward of {type(module).__name__} requires {' and '.join(f'“{name}”' for name in unknown)}, which "
            "cannot be known here: give it a default."
        )
    return {name: neutral[name](inputs.main) for name in lacking}


@contextmanager
def in_a_sentence(module: nn.Module, pixels: Tensor | None = None) -> Iterator[None]:
    """Inside the `with`, whatever the model's own code raises becomes a sentence with its words, and is its cause.

    Raises ModelError; PromptError of `pixels` that the model is given.
    """
    try:
        yield
    except (EngineError, Stopped, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if "can't allocate memory" in str(error):  # torch's on a CPU
            raise
        why = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
        why = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]}…"
        if pixels is not None:
            shape = ", ".join(map(str, pixels.shape))
            raise PromptError(
                f"The model cannot take pixel_values of ({shape}): {why}. Scale the image as it expects."
            ) from error
        raise ModelError(
            f"{type(module).__name__} cannot run on this input ({type(error).__name__}: {why}): look at what "
            "its forward expects."
        ) from error


@contextmanager
def answered(module: nn.Module, output: Any) -> Iterator[None]:
    """Inside the `with`, `module` does not run but gives `output`."""
    if output is None:
        yield
        return
    with replaced_forward(module, lambda *args, **kwargs: output):
        yield


def trunk_of(module: nn.Module) -> nn.Module:
    """The model without its head, where its head can be run for chosen positions; else the model itself."""
    if isinstance(module, PreTrainedModel) and "logits_to_keep" in _arguments(module):
        return module.base_model
    return module


def embeddings_of(module: nn.Module) -> tuple[nn.Module, ...]:
    """The word embeddings, or all of which some are. Raises ModelError where there are none."""
    found = word_embeddings(module)
    if not found:
        raise ModelError(
            f"{type(module).__name__} has no module of word embeddings, so relevance would have nowhere to go. "
            "Open a model that makes vectors of its tokens with an nn.Embedding."
        )
    return found


def _arguments(module: nn.Module) -> Mapping[str, bool]:
    """The names of what `module.forward` takes, in order, and whether it requires each."""
    forward = inspect.unwrap(module.forward)
    function = getattr(forward, "__func__", forward)
    known = _known.get(function)
    if known is None:
        taken = inspect.signature(module.forward).parameters.values()
        known = _known[function] = {
            one.name: one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
            for one in taken
        }
    return known


_LONGEST_REASON = 300  # characters

# Weak, for a forward of a model's own may hold the model
_known: WeakKeyDictionary[Callable[..., Any], Mapping[str, bool]] = WeakKeyDictionary()

# What is told of a prompt that is alone and not padded, by the name that models of transformers give it
_NEUTRAL: Mapping[str, Callable[[Tensor], Tensor]] = {
    "attention_mask": torch.ones_like,
    "token_type_ids": torch.zeros_like,
    "position_ids": lambda ids: torch.arange(ids.shape[1], device=ids.device)[None],
}
