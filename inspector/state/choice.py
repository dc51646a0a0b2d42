"""The choice of predictions where the target is, and the one that is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.protocol.messages import Explained
from engine.protocol.values import Prediction

Against = int | Literal["mean"] | None  # a token's id, the mean of all, or nothing
Kind = Literal["token", "class"]  # of what is predicted
Relation = Literal["after", "at", "whole"]  # of the predictions to the token they are for
_RELATIONS: dict[str, Relation] = {"next token": "after", "sequence to sequence": "after", "classes": "whole"}


@dataclass(frozen=True)
class Choice:
    """The predictions at the target's position, and which of them is explained."""

    predictions: tuple[Prediction, ...]
    position: int
    label: str  # of the token at the position
    explained: int | None
    against: Against
    relation: Relation = "after"
    kind: Kind = "token"


def choice_of(answer: Explained) -> Choice:
    """What there is to choose from where the answer's target is."""
    target = answer.relevance.target
    position = target.position
    tokens = answer.relevance.answered_tokens
    at = [term for term in target.terms if term[0] == position]
    explained = at[0][1] if at else None
    against: Against = None
    if target.against_mean:
        against = "mean"
    elif len(at) == 2 and at[1][2] < 0:
        against = at[1][1]
    label = tokens[position].label if 0 <= position < len(tokens) else ""
    model = answer.relevance.model
    kind: Kind = "class" if model.chooses_classes else "token"
    relation = _RELATIONS.get(model.predicts, "at")
    return Choice(answer.predictions, position, label, explained, against, relation, kind)
