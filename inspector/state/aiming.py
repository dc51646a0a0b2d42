"""From what is clicked to a target: a token shown, a prediction, something to set it against."""

from __future__ import annotations

from msgspec import structs

from engine.protocol.inputs import Input
from engine.protocol.messages import Explained
from engine.protocol.targets import Class, Contrast, Sum, Target, Token, TokenName, Top
from engine.protocol.values import joined
from inspector.state.choice import Against, choice_of
from inspector.state.edits import untouched
from inspector.state.question import Question


def top_at(position: int, question: Question, shown: Explained | None) -> Target:
    """The largest logit after the token at `position` of those shown."""
    return Top(_position_in_prompt(position, question, shown))


def chosen_at(position: int, question: Question, shown: Explained | None) -> Target:
    """What a click on the token at `position` asks: why it was said if the model did, else what it says next.

    The tokens are those behind which the model says its answer: a decoder's, where that is given a text of its own.
    """
    if shown is not None and shown.question.input == question.input and position > 0:
        token = shown.relevance.answered_tokens[position]
        if token.generated:
            return Token(token.id, position - 1)
    return top_at(position, question, shown)


def token_at_position_shown(token: TokenName, question: Question, shown: Explained | None) -> Target:
    """One token's logit where the predictions shown are."""
    return _one(token, _position_shown(question, shown), shown)


def token_against(against: Against, question: Question, shown: Explained | None) -> Target | None:
    """The token that is explained, in contrast to another, to the mean, or to nothing. None if no one token is."""
    explained = None if shown is None else choice_of(shown).explained
    if explained is None:
        return None
    position = _position_shown(question, shown)
    match against:
        case None:
            return _one(explained, position, shown)
        case "mean":
            return Contrast(explained, None, position)
        case _:
            return Contrast(explained, against, position)


def carried(target: Target, answer: Explained, edited: Input) -> Target:
    """The target of an answer after its input was edited: the same choice, at the same word of the text.

    Behind the edit that is as far from the end as it was, before it as far from the start. What was edited itself
    is taken to be as far from the end.
    """
    match target:
        case Sum(targets):
            return Sum(tuple(carried(each, answer, edited) for each in targets))
        case Class(_, None):
            return target
        case _:
            at = -1 if target.position is None else target.position
            return structs.replace(target, position=_carried(at, answer, edited))


def _carried(position: int, answer: Explained, edited: Input) -> int:
    tokens = answer.relevance.answered_tokens
    if position == -1 or not -len(tokens) <= position < len(tokens):
        return position
    at = position % len(tokens)
    is_untouched = tokens[at].end <= untouched(answer.question.input, edited, joined(tokens))
    return at if is_untouched else at - len(tokens)


def _one(choice: TokenName, position: int, shown: Explained | None) -> Target:
    """A token, or a class where the model predicts those."""
    if shown is not None and shown.relevance.model.chooses_classes:
        return Class(choice, None if position < 0 else position)
    return Token(choice, position)


def _position_shown(question: Question, shown: Explained | None) -> int:
    return -1 if shown is None else _position_in_prompt(shown.relevance.target.position, question, shown)


def _position_in_prompt(position: int, question: Question, shown: Explained | None) -> int:
    """The position as a target says it: -1 for the last, which is all there is to say of a prompt not yet shown."""
    if shown is None or shown.question.input != question.input:
        return -1
    if shown.relevance.model.predicts in ("next token", "sequence to sequence"):
        return -1 if position == len(shown.relevance.answered_tokens) - 1 else position
    return -1 if shown.relevance.model.predicts == "classes" else position  # one answer to the whole input
