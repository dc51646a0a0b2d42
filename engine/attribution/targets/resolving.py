"""Resolves a target, as it was asked, to the logits it is made of."""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor

from engine.attribution.targets.choices import Choices
from engine.protocol.failures import TargetError
from engine.protocol.targets import Class, Contrast, Sum, Target, Token, TokenName, Top
from engine.protocol.values import ResolvedTarget


def resolve(target: Target, choices: Choices) -> ResolvedTarget:
    """The logits that `target` comes to. Raises TargetError where it names what the input or the model has not."""
    if not isinstance(target, Target):
        raise TargetError(f'{target!r} is not a target: those are in engine.targets, such as Token("has") and Top().')
    match target:
        case Top(-1) if choices.predicts == "answer span":
            start, end = choices.answer_span()
            return _sum(target, [resolve(Class(edge, at), choices) for edge, at in (("start", start), ("end", end))])
        case Top(position):
            at = choices.position(position)
            return _one(target, choices, int(choices.logits(at).argmax()), at)
        case Token(name, position):
            if choices.are_classes:
                label = next(iter(choices.model.info.labels), "0")
                raise TargetError(
                    f'This model predicts classes, not tokens: Class("{label}") is a target of it, '
                    f"class:{label} on the command line."
                )
            at = choices.position(position)
            return _one(target, choices, choices.number(name, at), at)
        case Class(name, position):
            if not choices.are_classes:
                raise TargetError("This model predicts tokens, not classes: explain a Token(...).")
            number = choices.class_number(name)
            return _one(target, choices, number, choices.place_of(number, position))
        case Contrast(name, against, position):
            return _contrast(target, choices, name, against, position)
        case Sum(targets):
            return _sum(target, [resolve(part, choices) for part in targets])
        case _:
            assert_never(target)


def value_of(target: ResolvedTarget, choices: Choices) -> Tensor:
    """The target as a scalar, in logits, with its graph."""
    value = torch.stack([weight * _wide(choices.logits(at)[number]) for at, number, weight in target.terms]).sum()
    for at, number in target.against_mean:
        others = _wide(choices.logits(at))
        value = value - (others.sum() - others[number]) / others.numel()
    return value


def _wide(logits: Tensor) -> Tensor:
    """The logits in float32, or as they are where they are wider."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _one(asked: Target, choices: Choices, number: int, at: int) -> ResolvedTarget:
    return ResolvedTarget(asked, _quoted(choices, number), at, ((at, number, 1.0),))


def _contrast(
    asked: Contrast, choices: Choices, name: TokenName, against: TokenName | None, position: int
) -> ResolvedTarget:
    if choices.are_classes:
        number = choices.class_number(name)
        at = choices.place_of(number, position)
    else:
        at = choices.position(position)
        number = choices.number(name, at)
    if against is None:
        label = f"{_quoted(choices, number)} − mean"
        return ResolvedTarget(asked, label, at, ((at, number, 1.0),), ((at, number),))
    other = choices.number(against, at)
    label = f"{_quoted(choices, number)} − {_quoted(choices, other)}"
    return ResolvedTarget(asked, label, at, ((at, number, 1.0), (at, other, -1.0)))


def _sum(asked: Target, parts: list[ResolvedTarget]) -> ResolvedTarget:
    if not parts:
        raise TargetError("A sum of targets needs at least one.")
    terms = tuple(term for part in parts for term in part.terms)
    means = tuple(mean for part in parts for mean in part.against_mean)
    return ResolvedTarget(asked, " + ".join(part.label for part in parts), max(p.position for p in parts), terms, means)


def _quoted(choices: Choices, number: int) -> str:
    return f"“{choices.named(number)[1]}”"
