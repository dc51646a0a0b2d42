"""The heading over an answer: the question it answers as a sentence, and where the target's value is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol.messages import Explained
from engine.protocol.rule_names import titled
from engine.protocol.values import Token
from engine.reading.account import Account, account_of
from inspector.look.numbers import percent, signed, written, written_beside
from inspector.look.visible_text import shortened
from inspector.state.choice import Choice
from inspector.state.legends import layer_title
from inspector.state.model_part import HeadPart
from inspector.state.sides import ShownPart, Side
from inspector.state.through import Through, asked_query

_CONTEXT = 8  # characters before the asked position, at least; whole words of them


@dataclass(frozen=True)
class Fact:
    """A piece of the line below the question; what is `plain` are words between names and numbers."""

    text: str
    plain: bool = False


@dataclass(frozen=True)
class Heading:
    """`question` as a sentence, the facts below it, and the account that a bar among them draws."""

    question: str
    facts: tuple[Fact, ...]
    account: Account
    behind_bar: tuple[Fact, ...] = ()  # the facts that stand behind the bar

    @property
    def sentence(self) -> str:
        """The facts in words."""
        return " ".join(fact.text for fact in (*self.facts, *self.behind_bar))


def heading_of(
    answer: Explained, part: ShownPart, choice: Choice, of_model: str, through: Through | None = None
) -> Heading:
    """The heading over a part. `of_model` is whose answer it is, where that is not the model asked; `through` is what
    of the model is on show in place of a layer.
    """
    relevance = part.relevance
    account = account_of(relevance, part.layer)
    facts = [Fact(of_model)] if of_model else []
    facts += [] if len(part.sides) > 1 else [Fact(f"{titled(relevance.rules)} ·", plain=True)]
    question = _question(answer, part.sides, choice)
    if through is not None:
        held = Account(account.value, through.total)
        return Heading(question, (*facts, *_facts_through(through, held, answer)), held)
    facts += [Fact(place_in_words(layer_title(part.layer, relevance))), Fact("·", plain=True)]
    facts += [
        Fact(written_beside(account.value, account.arrives)),
        Fact(f"of {written(account.value)} arrives here", plain=True),
    ]
    is_open = relevance.ledger is not None and not relevance.ledger.closes
    behind = _elsewhere(account, is_open)
    if part.beside_in_words:
        behind.append(Fact(f"· {part.beside_in_words}", plain=True))
    return Heading(question, tuple(facts), account, tuple(behind))


def _facts_through(through: Through, held: Account, answer: Explained) -> tuple[Fact, ...]:
    """Which part is on show, how much of the target's value it holds, and how much of that is on the tokens."""
    facts = [Fact(through.part.place), Fact("·", plain=True)]
    facts += [Fact(written_beside(held.value, held.arrives)), Fact(f"of {written(held.value)}", plain=True)]
    asked = asked_query(answer)
    if through.way == "asked" and asked is not None:
        label = answer.relevance.tokens[asked].label.strip()
        facts += [Fact("· taken", plain=True), Fact(f"at “{label}”"), Fact(written_beside(held.value, through.on_show))]
    elif isinstance(through.part, HeadPart):
        facts.append(Fact("· where it was taken" if through.way == "all" else "· what it gave each token", plain=True))
    return tuple(facts)


def place_in_words(title: str) -> str:
    """Where relevance is looked at, as part of a sentence."""
    return f"at {title}" if title.startswith("layer") else f"at the {title}"


def _elsewhere(account: Account, is_open: bool) -> list[Fact]:
    """Where the rest of the target's value is."""
    places = [("softmax keeps", account.softmax), ("constants", account.constants)]
    told = [(name, written_) for name, amount in places if (written_ := written_beside(account.value, amount)) != "0"]
    told += [("left over", written_beside(account.value, account.rest))] if is_open else []
    pieces = [(Fact(name, plain=True), Fact(amount)) for name, amount in told if account.known]
    return [fact for at, piece in enumerate(pieces) for fact in ((Fact("·", plain=True), *piece) if at else piece)]


def _question(answer: Explained, sides: Sequence[Side], choice: Choice) -> str:
    last = sides[-1]
    if last.minus is not None:
        return f"Difference: {last.title}"
    place = _place(answer, choice)
    labels = [shortened(side.answer.relevance.target.label) for side in sides]
    if len(set(labels)) > 1:
        return f"Why {labels[0]} and why {labels[1]}{place}"
    value = answer.relevance.value
    one, minus, other = labels[-1].partition(" − ")
    if choice.against is not None and minus:
        return f"Why {one} instead of {'the others' if other == 'mean' else other} ({signed(value)}){place}"
    likely = {each.id: each.probability for each in answer.predictions}.get(choice.explained or 0)
    sure = "" if likely is None or len(answer.relevance.target.terms) != 1 else f"{percent(likely)}, "
    return f"Why {labels[-1]} ({sure}{written(value)}){place}"


def _place(answer: Explained, choice: Choice) -> str:
    """Where the model says it."""
    relevance = answer.relevance
    tokens = relevance.answered_tokens
    if choice.relation == "whole" or not 0 <= choice.position < len(tokens):
        return f" for this {relevance.medium}"
    if choice.relation == "at":
        return f" at “{choice.label.strip()}”"
    return f" after “{said_before(tokens, choice.position)}”"


def said_before(tokens: Sequence[Token], position: int) -> str:
    """The last words up to the token at `position`, in one line."""
    said = ""
    for token in reversed(tokens[: position + 1]):
        if token.special:
            return said.strip() or token.label
        said = (token.text or "") + said
        if len(said.strip()) >= _CONTEXT and (token.text[:1].isspace() or token.start == 0):
            break
        if len(said) > 4 * _CONTEXT:
            said = "…" + said[-4 * _CONTEXT :]
            break
    return shortened(" ".join(said.split())) or tokens[position].label
