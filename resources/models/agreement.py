"""The task of the bundled classifier: is a sentence acceptable, or does one of its verbs disagree with its subject?

In an unacceptable sentence exactly one verb is wrong, and it is known which: the evidence. Words between subject and
verb have a number of their own ("the keys to the cabinet is old"), so that the nearest noun tells nothing.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from resources.models.recall import Span, Split

LABELS = ("unacceptable", "acceptable")


@dataclass(frozen=True)
class Sentence:
    """A sentence, the verb that decides whether it is acceptable, and the head of that verb's subject."""

    text: str
    acceptable: bool
    verb: Span
    subject: Span


# Singular and plural
NOUNS = (
    ("dog", "dogs"), ("cat", "cats"), ("boy", "boys"), ("girl", "girls"), ("teacher", "teachers"), ("key", "keys"),
    ("doctor", "doctors"), ("farmer", "farmers"), ("king", "kings"), ("writer", "writers"), ("car", "cars"),
    ("house", "houses"), ("book", "books"), ("picture", "pictures"), ("song", "songs"), ("child", "children"),
    ("woman", "women"), ("man", "men"), ("city", "cities"), ("story", "stories"), ("horse", "horses"),
    ("bird", "birds"), ("friend", "friends"), ("student", "students"), ("scientist", "scientists"),
    ("model", "models"), ("computer", "computers"), ("letter", "letters"), ("tree", "trees"), ("river", "rivers"),
)  # fmt: skip
PLACES = ("garden", "park", "village", "forest", "school", "castle", "kitchen", "station", "cabinet", "street")
PRONOUNS = (("he", "they"), ("she", "we"), ("it", "you"))
BE = (("is", "are"), ("was", "were"))
HAVE = (("has", "have"), ("needs", "need"), ("gets", "get"))
DO = (("likes", "like"), ("sees", "see"), ("knows", "know"), ("wants", "want"), ("finds", "find"), ("keeps", "keep"))
ADJECTIVES = ("old", "new", "small", "large", "young", "happy", "quiet", "strange", "famous", "tired", "good", "clever")
AMOUNTS = ("lots of", "a lot of", "many", "no", "some", "three", "hundreds of")
THINGS = ("parameters", "ideas", "flowers", "stones", "coins", "windows", "questions", "words", "apples", "colours")
ADVERBS = ("often", "always", "really", "never", "still", "now")
CONNECTORS = ("because", "and", "but", "when", "although", "while", "since", "that is why")
OPENINGS = (
    "after five years of research,", "in the evening,", "near the river,", "on most days,", "for many years,",
    "the scientists concluded that", "we all heard that", "the teacher said that", "everybody thought that",
)  # fmt: skip
BETWEEN = (
    "near the {noun}", "with the {noun}", "behind the {noun}", "of the {noun}", "in the {place}", "to the {place}",
    "that the {noun} saw", "that the {noun} found in the {place}", "beside the {adjective} {noun}",
)  # fmt: skip


def sentences(seed: int, split: Split = Split.HELD_OUT) -> Iterator[Sentence]:
    """Endless sentences, the same for the same seed, half of them acceptable.

    One in eight pairs of a subject and a verb is held out: none of the training sentences has such a pair, and the
    verb that decides is one of such a pair in every held-out sentence.
    """
    rng = random.Random(f"agreement {split.value} {seed}")
    while True:
        clauses = [_clause(rng, Split.TRAINING) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        decisive = rng.randrange(len(clauses))
        clauses[decisive] = _clause(rng, split)
        yield _sentence(rng, clauses, decisive, acceptable=rng.random() < 0.5)


@dataclass(frozen=True)
class _Clause:
    subject: tuple[str, str]  # singular and plural, as the next two
    verb: tuple[str, str]
    plural: bool
    before: str  # the subject
    between: str  # subject and verb
    after: str  # the verb


def _clause(rng: random.Random, split: Split) -> _Clause:
    subject, verb = None, None
    while subject is None or verb is None or _split(subject, verb) is not split:
        subject = rng.choice(PRONOUNS if rng.random() < 0.3 else NOUNS)
        verb = rng.choice(rng.choice((BE, HAVE, DO)))
    if subject in PRONOUNS:
        before, between = "", ""
    else:
        before = f"the {rng.choice(ADJECTIVES)} " if rng.random() < 0.3 else "the "
        between = _filled(rng, rng.choice(BETWEEN)) + " " if rng.random() < 0.5 else ""
    if rng.random() < 0.2:
        between += rng.choice(ADVERBS) + " "
    return _Clause(subject, verb, rng.random() < 0.5, before, between, _filled(rng, _complement(rng, verb)))


def _split(subject: tuple[str, str], verb: tuple[str, str]) -> Split:
    held_out = zlib.crc32(f"{subject[0]} {verb[0]}".encode()) % 8 == 0
    return Split.HELD_OUT if held_out else Split.TRAINING


def _complement(rng: random.Random, verb: tuple[str, str]) -> str:
    if verb in BE:
        return rng.choice(("{adjective}", "very {adjective}", "in the {place}", "full of {things}"))
    if verb in HAVE:
        return rng.choice(("{amount} {things}", "the {noun}", "{amount} {things} and {things}"))
    return rng.choice(("the {noun}", "the {adjective} {noun}", "{amount} {things}", "the {noun} in the {place}"))


def _filled(rng: random.Random, template: str) -> str:
    words = {"noun": rng.choice(rng.choice(NOUNS)), "place": rng.choice(PLACES), "adjective": rng.choice(ADJECTIVES)}
    return template.format(amount=rng.choice(AMOUNTS), things=rng.choice(THINGS), **words)


def _sentence(rng: random.Random, clauses: list[_Clause], decisive: int, acceptable: bool) -> Sentence:
    text = rng.choice(OPENINGS) + " " if rng.random() < 0.3 else ""
    spans = []
    for number, clause in enumerate(clauses):
        if number:
            text += f" {rng.choice(CONNECTORS)} "
        wrong = number == decisive and not acceptable
        text += clause.before
        subject = _added(text, clause.subject[clause.plural])
        text += clause.subject[clause.plural] + " " + clause.between
        verb = _added(text, clause.verb[clause.plural != wrong])
        text += clause.verb[clause.plural != wrong] + " " + clause.after
        spans.append((verb, subject))
    return Sentence(text[0].upper() + text[1:] + ".", acceptable, *spans[decisive])


def _added(text: str, word: str) -> Span:
    return len(text), len(text) + len(word)
