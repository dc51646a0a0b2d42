"""How often the most relevant token of an unacceptable sentence is the verb that makes it so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.attribution.tracing import trace
from engine.models.opening import Model
from engine.protocol.targets import Class, Contrast
from resources.models.agreement import LABELS, Sentence, sentences
from tests.resources.evidence import most_relevant


@dataclass(frozen=True)
class Found:
    """The shares of sentences whose most relevant token is the wrong verb, and the verb or its subject."""

    verb: float
    verb_or_subject: float


def unacceptable(seed: int, number: int) -> list[Sentence]:
    """Held-out sentences of one wrong verb each."""
    return list(islice(_wrong(seed), number))


def disagreement_found(model: Model, rules: str, wrong: Sequence[Sentence]) -> dict[str, Found]:
    """How often `rules` find it, explaining the class's logit and the same against the other class."""
    targets = {"logit": Class(LABELS[0]), "against the other class": Contrast(*LABELS)}
    places: dict[str, list[tuple[int, int]]] = {name: [] for name in targets}
    for sentence in wrong:
        with trace(model, sentence.text, rules=rules, ledger=False) as recorded:
            answers = recorded.explain_many(list(targets.values()))
        for name, answer in zip(targets, answers, strict=True):
            places[name].append(most_relevant(answer, len(sentence.text)))
    return {name: _found(found, wrong) for name, found in places.items()}


def _wrong(seed: int) -> Iterator[Sentence]:
    return (sentence for sentence in sentences(seed) if not sentence.acceptable)


def _found(places: Sequence[tuple[int, int]], wrong: Sequence[Sentence]) -> Found:
    pairs = [(end, each) for (_, end), each in zip(places, wrong, strict=True)]  # a token has the space before it
    return Found(
        sum(end == each.verb[1] for end, each in pairs) / len(pairs),
        sum(end in (each.verb[1], each.subject[1]) for end, each in pairs) / len(pairs),
    )
