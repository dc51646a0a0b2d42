"""The scene: all that is on show, resolved from question, answers and view. Pure: the same in, the same out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from engine.protocol.messages import Explained, Request
from engine.protocol.relevance import Relevance
from engine.protocol.targets import Token as TokenTarget
from engine.protocol.values import Medium, ModelSource, Token
from engine.reading.ledger_in_words import expectation, is_defect
from inspector.look.numbers import written_beside
from inspector.state.choice import Choice, choice_of
from inspector.state.heading import Heading, heading_of
from inspector.state.known import key_of
from inspector.state.ledger import ShownLedger, ledger_of
from inspector.state.model_part import Find, ModelPart
from inspector.state.picture import ShownPicture, picture_of
from inspector.state.question import Question, position_of
from inspector.state.saying import Said, Saying, said_after
from inspector.state.sides import sides_of
from inspector.state.text import ShownText, text_of
from inspector.state.through import Through, lacking, through_of
from inspector.state.view import View

Shown = ShownText | ShownPicture


def _nothing(request: Request) -> None:
    """The ending of a request where none is known."""


@dataclass(frozen=True)
class Scene:
    """All that is on show. Without an answer there is nothing but the question."""

    question: Question
    view: View
    parts: tuple[Shown, ...] = ()  # what was asked about, then a decoder's text
    awaited: ModelSource | None = None  # the model on its way
    stale: bool = False  # the answer is to an earlier question, or another model is on its way
    of_model: str = ""  # whose answer it is, where that is not the model that is asked
    choice: Choice | None = None
    position: int | None = None  # the token whose continuation, or class, is asked about
    heading: Heading | None = None
    ledger: ShownLedger | None = None  # of one answer: a difference has none
    promise: str = ""  # what the rule set promises of that
    is_defect: bool = False  # the promise is broken
    seconds: float | None = None
    said: Said | None = None  # what the model says, as far as it is not explained
    find: Find = field(default=_nothing, compare=False)  # what is known of other requests

    @property
    def source(self) -> ModelSource:
        """The model that is asked, or is going to be."""
        return self.awaited or self.question.source

    @property
    def part(self) -> Shown | None:
        """What was asked about."""
        return self.parts[0] if self.parts else None

    @property
    def medium(self) -> Medium:
        """What is on show, or else asked about."""
        return self.question.input.medium if self.part is None else self.part.relevance.medium

    @property
    def text(self) -> ShownText | None:
        """What was asked about, where that is a text."""
        return self.part if isinstance(self.part, ShownText) else None

    @property
    def decoder(self) -> ShownText | None:
        """What a decoder has said so far, where there is one."""
        part = self.parts[1] if len(self.parts) > 1 else None
        return part if isinstance(part, ShownText) else None

    @property
    def positions(self) -> tuple[int | None, ...]:
        """Of each part, the token that is explained or whose continuation is; None where it is not there."""
        return tuple(
            explained_token(self.question, part.relevance.tokens, self.position) if number == at else None
            for number, part in enumerate(self.parts)
            for at in (part.sides[-1].whole.answered_part,)
        )

    @property
    def picture(self) -> ShownPicture | None:
        """What was asked about, where that is a picture."""
        return self.part if isinstance(self.part, ShownPicture) else None

    @property
    def relevance(self) -> Relevance | None:
        """What is on show of what was asked about."""
        return None if self.part is None else self.part.relevance

    @property
    def lacks(self) -> Request | None:
        """What has to be asked before the part of the model that is looked at can be shown; None where nothing has."""
        if self.text is None or self.view.through is None:
            return None
        return lacking(self.view.through, self.text.sides, self.find, self.view.way)

    @property
    def pinned(self) -> Explained | None:
        """The answer that stays beside the other, or is taken off it."""
        if self.part is None:
            return None
        first, *others = self.part.sides
        return first.answer if others else first.minus

    @property
    def is_pinned_stale(self) -> bool:
        """Whether the pinned answer is about another input, or by another model, than what is asked."""
        if self.pinned is None:
            return False
        of = self.pinned.question
        return (of.source, of.input) != (self.source, self.question.input)


def resolve(
    question: Question,
    answer: Explained | None,
    view: View,
    pinned: Explained | None = None,
    find: Find = _nothing,
    awaited: ModelSource | None = None,
    saying: Saying | None = None,
) -> Scene:
    """The scene for `question` when `answer` is the last good one, beside one that is `pinned`.

    `awaited` is the model on its way, which is going to be asked; `saying` is what a model says at present.
    """
    said = said_after(question, answer, saying)
    if answer is None:
        return Scene(question, view, awaited=awaited, said=said, find=find)
    view = _inside(view, answer, find)
    parts = tuple(_parts(answer, pinned, view, find))
    relevance = parts[0].relevance if parts else answer.relevance
    number = partial(written_beside, relevance.value)
    promise = expectation(relevance.ledger, number) if relevance.ledger else ""
    is_of_another = answer.question.source != (awaited or question.source)
    of_model, choice = relevance.model.title if is_of_another else "", choice_of(answer)
    return Scene(
        question=question,
        view=view,
        parts=parts,
        awaited=awaited,
        stale=is_of_another or key_of(answer.question) != key_of(question),
        of_model=of_model,
        choice=choice,
        position=_position(question, answer),
        heading=heading_of(answer, parts[0], choice, of_model, _through(parts[0])) if parts else None,
        promise=promise,
        ledger=ledger_of(answer, relevance.ledger, promise) if relevance.ledger else None,
        is_defect=is_defect(relevance.ledger),
        seconds=answer.seconds,
        said=said,
        find=find,
    )


def _parts(answer: Explained, pinned: Explained | None, view: View, find: Find) -> Iterator[Shown]:
    for index, part in enumerate(answer.relevance.parts):
        sides = sides_of(answer, pinned, view, index)
        if part.medium == "text":
            through = None if view.through is None or index else through_of(view.through, sides, find, view.way)
            yield text_of(sides, view.look, through)
        elif (shown := picture_of(sides, view.look)) is not None:
            yield shown


def _through(part: Shown) -> Through | None:
    return part.through if isinstance(part, ShownText) else None


def _inside(view: View, answer: Explained, find: Find) -> View:
    """The view without what this answer does not have: another model has fewer layers, another prompt fewer tokens."""
    relevance, layer, token, through = answer.relevance, view.look.layer, view.token, view.through
    if layer is not None and all(layer >= len(part.layers) for part in relevance.parts):
        layer = None
    if token is not None and token >= len(relevance.tokens):
        token = None
    if through is not None and not _has(answer, through, find):
        through = None
    return replace(view.looking(layer=layer), token=token, through=through)


def _has(answer: Explained, part: ModelPart, find: Find) -> bool:
    """Whether an answer has a part of the model, as far as that is known."""
    if answer.relevance.medium != "text" or part.block >= answer.relevance.model.blocks:
        return False
    return not part.is_known(answer.question, find) or part.tokens(answer.question, find) is not None


def explained_token(question: Question, tokens: Sequence[Token], position: int | None) -> int | None:
    """The generated token that is explained, where one is, else the token whose continuation is."""
    target = question.target
    if position is None or not isinstance(target, TokenTarget) or position + 1 >= len(tokens):
        return position
    following = tokens[position + 1]
    return position + 1 if following.generated and following.id == target.token else position


def explained_in(answer: Explained) -> int | None:
    """The token of an answer that is explained, or whose continuation is; None where that is the whole input."""
    relevance = answer.relevance
    place = None if relevance.model.predicts == "classes" else relevance.target.position
    return explained_token(answer.question, relevance.answered_tokens, place)


def _position(question: Question, answer: Explained) -> int | None:
    """Where the question asks, counted from the start; of another prompt only the answer's place is known."""
    relevance = answer.relevance
    if relevance.model.predicts == "classes":
        return None  # of the whole input
    asked = position_of(question.target)
    if question.input != answer.question.input or question.target == answer.question.target:
        return relevance.target.position
    return asked if asked >= 0 else len(relevance.answered_tokens) + asked
