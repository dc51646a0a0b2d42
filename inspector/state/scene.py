"""What the views show, resolved from the question, the answer and the view. Pure: the same in, the same out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from engine.protocol.looks import Scale
from engine.protocol.messages import Explained, ExplainedEach
from engine.protocol.rule_names import titled
from engine.protocol.targets import Token as TokenTarget
from engine.protocol.values import Matrix, Prediction, Relevance, Token
from engine.reading.colours import colour_limit, relevance_at
from engine.reading.ledger_in_words import expectation, is_defect, sum_in_words
from inspector.state.known import key_of
from inspector.state.picture import Picture, Thumbnails, picture_of, thumbnails_of
from inspector.state.question import Question, position_of
from inspector.state.view import View

SCALE_TITLES: dict[Scale, str] = {"layer": "Each layer", "global": "All layers", "target": "Share of target"}

Against = int | Literal["mean"] | None  # a token's id, the mean of all, or nothing
Kind = Literal["token", "class"]  # of what is predicted
Relation = Literal["after", "at", "whole"]  # of the predictions to the token they are for
_RELATIONS: dict[str, Relation] = {"next token": "after", "sequence to sequence": "after", "classes": "whole"}


@dataclass(frozen=True)
class Strip:
    """The tokens in colour at one layer. Equal strips look the same."""

    answer: Explained  # compares by identity
    layer: int | None
    limit: float
    colour_map: str
    legend: str
    values: np.ndarray = field(compare=False)  # (token,)
    title: str = field(compare=False)

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.answer.relevance.tokens

    @property
    def rules(self) -> str:
        """The rule set as the title names it."""
        return titled(self.answer.relevance.rules)

    @property
    def target_value(self) -> float:
        return self.answer.relevance.value


@dataclass(frozen=True)
class Map:
    """Every layer's tokens in colour. Equal maps look the same."""

    answer: Explained
    scale: Scale
    colour_map: str
    limits: np.ndarray = field(compare=False)  # (layer + 2,): the input's, then every layer's

    @property
    def labels(self) -> tuple[str, ...]:
        """What each token is called."""
        return tuple(token.label for token in self.answer.relevance.tokens)

    @property
    def relevance(self) -> Relevance:
        return self.answer.relevance


@dataclass(frozen=True)
class Choice:
    """What the model predicts at the target's position, and which of it is explained."""

    predictions: tuple[Prediction, ...]
    position: int
    label: str  # of the token at the position
    explained: int | None
    against: Against
    relation: Relation = "after"
    kind: Kind = "token"


@dataclass(frozen=True)
class MatrixMap:
    """Every generated token, and what was before it, in colour. Equal maps look the same."""

    answer: ExplainedEach  # compares by identity
    scale: Scale
    colour_map: str
    limits: np.ndarray = field(compare=False)  # (generated token,)

    @property
    def matrix(self) -> Matrix:
        return self.answer.matrix


@dataclass(frozen=True)
class Scene:
    """All that is on show. Without an answer there is nothing but the question."""

    question: Question
    view: View
    stale: bool = False  # the answer is to an earlier question
    strip: Strip | None = None
    map: Map | None = None
    choice: Choice | None = None
    matrix: MatrixMap | None = None  # None also where it is not known yet
    position: int | None = None  # the token whose continuation, or class, is asked about
    total: str = ""  # the sum of relevance against the target, and where the rest of it went
    promise: str = ""  # what the rule set promises of that
    is_defect: bool = False  # the promise is broken
    seconds: float | None = None
    picture: Picture | None = None  # in place of the strip, where the answer is about a picture
    thumbnails: Thumbnails | None = None  # likewise of the map

    @property
    def relevance(self) -> Relevance | None:
        """What is on show, of a text or a picture."""
        shown = self.strip or self.picture
        return None if shown is None else shown.answer.relevance


def resolve(
    question: Question,
    answer: Explained | None,
    view: View,
    each: ExplainedEach | None = None,
    pinned: Explained | None = None,
) -> Scene:
    """The scene for `question` when `answer` is the last good one, beside one that is `pinned`."""
    if answer is None:
        return Scene(question, view)
    relevance = answer.relevance
    view = _inside(view, relevance)
    stale = key_of(answer.question) != key_of(question)
    about_picture = relevance.seen is not None
    value = max(abs(one.relevance.value) for one in (answer, pinned or answer))
    return Scene(
        question,
        view,
        stale,
        None if about_picture else _strip(answer, view),
        None
        if about_picture
        else Map(answer, view.look.scale, view.look.colour_map, _limits(relevance, view.look.scale)),
        choice_of(answer),
        None
        if each is None
        else MatrixMap(each, view.look.scale, view.look.colour_map, _matrix_limits(each.matrix, view.look.scale)),
        _position(question, answer),
        sum_in_words(relevance, view.look.layer, _sum(relevance, view.look.layer)),
        expectation(relevance.ledger) if relevance.ledger else "",
        is_defect(relevance.ledger),
        answer.seconds,
        picture_of(answer, view, layer_title(view.look.layer, relevance), _legend(view, value), pinned),
        thumbnails_of(answer, view),
    )


def layer_title(layer: int | None, relevance: Relevance) -> str:
    """Where in the model relevance is looked at, in words."""
    layers = len(relevance.layers)
    if layer is None:
        return "input tokens" if relevance.seen is None else "pixels"
    return f"entering block {layer}" if layer < layers - 1 else "leaving the last block"


def _inside(view: View, relevance: Relevance) -> View:
    """The view without what this answer does not have: another model has fewer layers, another prompt fewer tokens."""
    layer, token = view.look.layer, view.token
    if layer is not None and layer >= len(relevance.layers):
        layer = None
    if token is not None and (token >= len(relevance.tokens) or relevance.seen is not None):
        token = None
    return replace(view.looking(layer=layer), token=token)


def _strip(answer: Explained, view: View) -> Strip:
    relevance = answer.relevance
    return Strip(
        answer=answer,
        layer=view.look.layer,
        limit=colour_limit(relevance, view.look.layer, view.look.scale),
        colour_map=view.look.colour_map,
        legend=_legend(view, relevance.value),
        values=relevance_at(relevance, view.look.layer),
        title=_title(relevance, view.look.layer),
    )


def _title(relevance: Relevance, layer: int | None) -> str:
    return f"Relevance · {layer_title(layer, relevance)} · {titled(relevance.rules)} · {relevance.target.label}"


def _legend(view: View, value: float) -> str:
    """The scale in force, in words; its numbers stand at the colours."""
    match view.look.scale:
        case "layer":
            return "Scale: each layer by itself"
        case "global":
            return "Scale: the same for all layers"
        case "target":
            return f"Scale: share of the target, 100 % = {abs(value):.2f}"


def _limits(relevance: Relevance, scale: Scale) -> np.ndarray:
    places: list[int | None] = [None, *range(len(relevance.layers))]
    if scale == "layer":
        return np.array([colour_limit(relevance, place, scale) for place in places])
    return np.full(len(places), colour_limit(relevance, None, scale))


def _matrix_limits(matrix: Matrix, scale: Scale) -> np.ndarray:
    """Where the colours of each generated token's row end."""
    largest = np.nan_to_num(np.abs(matrix.rows)).max(axis=1)
    match scale:
        case "global":
            largest = np.full(len(largest), largest.max())
        case "target":
            largest = np.nan_to_num(np.abs(matrix.values))
        case "layer":
            pass
    return np.where(largest > 0, largest, 1.0)


def explained_token(question: Question, tokens: Sequence[Token], position: int | None) -> int | None:
    """The generated token that is explained, where one is, else the token whose continuation is."""
    target = question.target
    if position is None or not isinstance(target, TokenTarget) or position + 1 >= len(tokens):
        return position
    following = tokens[position + 1]
    return position + 1 if following.generated and following.id == target.token else position


def _sum(relevance: Relevance, layer: int | None) -> float:
    values = relevance_at(relevance, layer)
    if relevance.seen is not None:  # whose layers end in NaN where another has more places
        values = values[np.isfinite(values)]
    return float(values.sum(dtype=np.float64))


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


def _position(question: Question, answer: Explained) -> int | None:
    """Where the question asks, counted from the start; of another prompt only the answer's place is known."""
    relevance = answer.relevance
    if relevance.model.predicts == "classes":
        return None  # of the whole input
    asked = position_of(question.target)
    if question.input != answer.question.input:
        return relevance.target.position
    return asked if asked >= 0 else len(relevance.tokens) + asked
