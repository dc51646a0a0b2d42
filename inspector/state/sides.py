"""Answers beside each other in one part: one, two, or how much more one has than the other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from msgspec import structs

from engine.protocol.looks import Ramp
from engine.protocol.messages import Explained
from engine.protocol.relevance import Part, Relevance
from engine.protocol.rule_names import titled
from engine.protocol.values import ResolvedTarget
from inspector.look.visible_text import shortened
from inspector.state.view import View


@dataclass(frozen=True)
class Side:
    """One column of a part. Equal sides look the same.

    `relevance` has the part that is shown as its first one.
    """

    answer: Explained  # compares by identity
    minus: Explained | None  # what is taken off it, where this is a difference
    part: int
    relevance: Relevance = field(compare=False)
    whole: Relevance = field(compare=False)  # with all its parts, in their order

    @property
    def rules(self) -> str:
        """The rule set as a title names it."""
        return titled(self.relevance.rules)

    @property
    def title(self) -> str:
        """Rule set and target."""
        return _named(self.answer) if self.minus is None else f"{_named(self.answer)} − {_named(self.minus)}"


@dataclass(frozen=True)
class ShownPart:
    """One part on show at one layer, on one scale for all of its sides. Equal ones look the same."""

    sides: tuple[Side, ...]  # the pinned answer, where there is one, then the one that answers the question
    layer: int | None
    limit: float  # of all sides, and of a text and a decoder's together
    ramp: Ramp
    legend: str

    @property
    def answer(self) -> Explained:
        """The one that answers the question."""
        return self.sides[-1].answer

    @property
    def relevance(self) -> Relevance:
        """The last side's."""
        return self.sides[-1].relevance

    @property
    def is_on_original(self) -> bool:
        """Whether relevance lies on a whole picture, where the model saw it."""
        return False

    @property
    def beside_in_words(self) -> str:
        """What the layer has that has no place on what is on show; empty where there is nothing."""
        return ""

    @property
    def left_out_in_words(self) -> str:
        """What may be left out of the limit, with what it holds; empty where nothing is."""
        return ""

    @property
    def rules(self) -> str:
        """The last side's rule set, as a title names it."""
        return self.sides[-1].rules


def sides_of(answer: Explained, pinned: Explained | None, view: View, part: int) -> tuple[Side, ...]:
    """The pinned answer, where there is one, then the other; or their difference alone."""
    if pinned is None:
        return (_side(answer, part, answer.relevance),)
    if view.difference:
        return (_side(answer, part, difference(answer.relevance, pinned.relevance), pinned),)
    return _side(pinned, part, pinned.relevance), _side(answer, part, answer.relevance)


def goes_beside(pinned: Explained, answer: Explained | None) -> bool:
    """Whether both answers are about the same input, by the same model."""
    if answer is None:
        return False
    ours, theirs = ((each.question.source, each.question.input) for each in (pinned, answer))
    return ours == theirs


def difference(one: Relevance, other: Relevance) -> Relevance:
    """What `one` has more than `other`, part by part. Relevance is linear in its target, so this is relevance too.

    Its target and, where they differ, its rules say that it is a difference, wherever it is shown or exported.
    """
    rules = one.rules if one.rules == other.rules else f"{titled(one.rules)} − {titled(other.rules)}"
    target = _less_target(one.target, other.target)
    parts = tuple(_less(mine, its) for mine, its in zip(one.parts, other.parts, strict=True))
    return structs.replace(one, parts=parts, target=target, rules=rules, value=one.value - other.value, ledger=None)


def _less_target(mine: ResolvedTarget, its: ResolvedTarget) -> ResolvedTarget:
    label = f"{mine.label} − {its.label}"
    taken = tuple((position, number, -weight) for position, number, weight in its.terms)
    if mine.against_mean == its.against_mean:  # which cancel
        return ResolvedTarget(mine.asked, label, mine.position, mine.terms + taken)
    if not its.against_mean:
        return ResolvedTarget(mine.asked, label, mine.position, mine.terms + taken, mine.against_mean)
    return ResolvedTarget(mine.asked, label, mine.position, ())  # no terms say what less than a mean is


def _less(mine: Part, its: Part) -> Part:
    arrays = [name for name in mine.__struct_fields__ if isinstance(getattr(mine, name), np.ndarray)]
    return structs.replace(mine, **{name: getattr(mine, name) - getattr(its, name) for name in arrays})


def _side(answer: Explained, part: int, whole: Relevance, minus: Explained | None = None) -> Side:
    return Side(answer, minus, part, _led_by(whole, part), whole)


def _led_by(relevance: Relevance, part: int) -> Relevance:
    return relevance if part == 0 else structs.replace(relevance, parts=(relevance.parts[part],))


def _named(answer: Explained) -> str:
    return f"{titled(answer.relevance.rules)} · {shortened(answer.relevance.target.label)}"
