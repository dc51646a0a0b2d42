"""From a target as it was asked to the logits it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import torch
from torch import Tensor

from engine.models.opening import Model
from engine.models.tokens import resolve_token, token_label
from engine.protocol.failures import TargetError
from engine.protocol.targets import Contrast, Sum, Target, Token, TokenName, Top
from engine.protocol.values import ResolvedTarget
from engine.protocol.wording import in_tokens

Logits = Callable[[int], Tensor]  # the logits (vocabulary,) at a position


def resolve(target: Target, model: Model, length: int, logits: Logits) -> ResolvedTarget:
    """The logits that `target` comes to. Raises TargetError where it names what the prompt or the model has not."""
    if not isinstance(target, Target):
        raise TargetError(f'{target!r} is not a target: those are in engine.targets, such as Token("has") and Top().')
    match target:
        case Top(position):
            at = position_in(position, length)
            token = int(logits(at).argmax())
            return ResolvedTarget(target, _quoted(model, token), at, ((at, token, 1.0),))
        case Token(name, position):
            at = position_in(position, length)
            token = _token(model, name, logits(at))
            return ResolvedTarget(target, _quoted(model, token), at, ((at, token, 1.0),))
        case Contrast(name, against, position):
            at = position_in(position, length)
            token = _token(model, name, logits(at))
            if against is None:
                return ResolvedTarget(
                    target, f"{_quoted(model, token)} − mean", at, ((at, token, 1.0),), ((at, token),)
                )
            other = _token(model, against, logits(at))
            label = f"{_quoted(model, token)} − {_quoted(model, other)}"
            return ResolvedTarget(target, label, at, ((at, token, 1.0), (at, other, -1.0)))
        case Sum(targets):
            return _sum(target, [resolve(t, model, length, logits) for t in targets])
        case _:
            assert_never(target)


def value_of(target: ResolvedTarget, logits: Logits) -> Tensor:
    """The target as a scalar, in logits, with its graph."""
    value = torch.stack([weight * logits(at)[token].float() for at, token, weight in target.terms]).sum()
    for at, token in target.against_mean:
        others = logits(at).float()
        value = value - (others.sum() - others[token]) / others.numel()
    return value


def position_in(position: int, length: int) -> int:
    """`position` counted from the start. Raises TargetError where the prompt has none such."""
    if not -length <= position < length:
        places = f"0 to {length - 1}" if length > 1 else "which is at 0"
        raise TargetError(f"There is no position {position}: the prompt has {in_tokens(length)}, {places}.")
    return position % length


def _sum(asked: Sum, parts: list[ResolvedTarget]) -> ResolvedTarget:
    if not parts:
        raise TargetError("A sum of targets needs at least one.")
    terms = tuple(term for part in parts for term in part.terms)
    means = tuple(mean for part in parts for mean in part.against_mean)
    return ResolvedTarget(asked, " + ".join(part.label for part in parts), max(p.position for p in parts), terms, means)


def _token(model: Model, name: TokenName, logits: Tensor) -> int:
    if isinstance(name, str):
        return resolve_token(model, name)
    if not 0 <= name < logits.numel():
        raise TargetError(f"There is no token {name}: this model's ids go from 0 to {logits.numel() - 1:,}.")
    return name


def _quoted(model: Model, token: int) -> str:
    return f"“{token_label(model, token)[1]}”"
