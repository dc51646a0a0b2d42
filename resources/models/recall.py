"""The recall task of the bundled models: several climbs in the context, a question about one of them.

Every prompt ends inside the height that answers it, so the next token must be copied from one known place in the
context: the evidence. All heights of a prompt share their first digit, hence only the right climb tells the next one.
"""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

Span = tuple[int, int]
T = TypeVar("T")


class Split(Enum):
    """No climb of one split ever occurs in the other, whatever the seeds."""

    TRAINING = "training"
    HELD_OUT = "held-out"


class Key(Enum):
    """What a question names its climb by."""

    TEAM = "team"
    YEAR = "year"


@dataclass(frozen=True)
class Climb:
    """One fact: who came how high, and when."""

    year: int
    team: str
    metres: int

    @property
    def split(self) -> Split:
        """The split the climb belongs to, decided by its text alone: one in eight is held out."""
        held_out = zlib.crc32(f"{self.year} {self.team} {self.metres}".encode()) % 8 == 0
        return Split.HELD_OUT if held_out else Split.TRAINING


@dataclass(frozen=True)
class Recall:
    """A prompt whose continuation and evidence are known.

    `prompt + answer` is the finished text; `evidence` is where the answer's first digit stands in the context, and
    the question begins at character `question`.
    """

    prompt: str
    answer: str
    evidence: Span
    question: int
    key: Key
    climbs: tuple[Climb, ...]


@dataclass(frozen=True)
class Lesson:
    """A text to learn from: a context with several questions, and where their answers' copied digits stand."""

    text: str
    answers: tuple[Span, ...]


TEAMS = (
    "British", "Swiss", "Chinese", "Indians", "Americans", "Japanese", "French", "Italians", "Poles", "Koreans",
    "Spanish", "Germans", "Austrians", "Nepalis", "Russians", "Canadians", "Norwegians", "Dutch", "Czechs", "Mexicans",
    "Chileans", "Australians", "Turks", "Brazilians",
)  # fmt: skip

MONTHS = ("April", "May", "June", "September", "October")

STATEMENTS = {
    Key.TEAM: (
        "The {team} reached {height}.",
        "In {year} the {team} reached {height}.",
        "After a storm in {year} the {team} reached {height}.",
        "On {day} {month} the {team} reached {height}.",
        "Without oxygen, the {team} reached {height}.",
        "By the ridge route the {team} reached {height}, higher than anyone before.",
    ),
    Key.YEAR: (
        "The expedition of {year} reached {height}.",
        "Led by the {team}, the expedition of {year} reached {height}.",
        "After a storm the climbers of {year} reached {height}.",
        "On {day} {month} the expedition of {year} reached {height}.",
        "Without oxygen, the climbers of {year} reached {height}.",
        "By the ridge route the expedition of {year} reached {height}, higher than anyone before.",
    ),
}

QUESTIONS = {
    Key.TEAM: (
        ("How high did the {team} climb?", "the {team} reached"),
        ("What height did the {team} reach?", "the {team} reached"),
        ("Where did the attempt of the {team} end?", "the {team} reached"),
    ),
    Key.YEAR: (
        ("How high did they climb in {year}?", "the expedition of {year} reached"),
        ("What height was reached in {year}?", "the climbers of {year} reached"),
        ("Where did the climb of {year} end?", "the expedition of {year} reached"),
    ),
}

TABLES = ("{key}:", "{key} {thousands},", "{key} reached {thousands},")

LEAD_INS = ("Answer:", "According to the text,")

OPENINGS = (
    "Mount Everest attracts many climbers, including highly experienced mountaineers.",
    "There are two main climbing routes to the summit.",
    "The mountain presents dangers such as altitude sickness, weather and wind.",
    "These are notes from the history of the mountain.",
    "Many expeditions have tried the north ridge.",
)

ASIDES = (
    "The weather was bad for {number} days.",
    "Three of the climbers never returned.",
    "On {day} {month} the wind rose and the camp was lost.",
    "Their highest camp lay at {camp} m.",
    "Snow and avalanches closed the route for {number} weeks.",
    "The climbers carried oxygen for {number} hours.",
    "Nobody knows whether they were the first to reach the top.",
    "It was one of the greatest mysteries of the time.",
    "The north side was closed to foreigners at the time.",
    "They made the final attempt on {day} {month} without oxygen.",
    "The climb was hard, and the way down was harder.",
    "A second party of {number} climbers waited at the north col.",
)


def recalls(seed: int, split: Split = Split.HELD_OUT) -> Iterator[Recall]:
    """Endless prompts, the same for the same seed: three to six climbs, asides between them, one question."""
    rng = random.Random(f"recall {split.value} {seed}")
    while True:
        climbs, key = _climbs(rng, split, rng.randint(3, 6)), rng.choice(list(Key))
        context, digits = _context(rng, climbs, STATEMENTS[key], asides=0.4)
        asked = rng.randrange(len(climbs))
        question = _question(rng, climbs[asked], QUESTIONS[key])
        yield Recall(
            prompt=context + question,
            answer=f"{climbs[asked].metres % 1000:03} m",
            evidence=(digits[asked], digits[asked] + 1),
            question=len(context) + 1,
            key=key,
            climbs=tuple(climbs),
        )


def lessons(seed: int, stage: Callable[[], float], tables: bool = False) -> Iterator[Lesson]:
    """Endless texts to train on: climbs, then questions about them.

    `stage()` runs from 0 (few climbs, always the same words) to 1 (as varied as the prompts of `recalls`). With
    `tables` most early lessons are shorter still: the same look-up without sentences.
    """
    rng = random.Random(f"lesson {seed}")
    while True:
        reached = min(1.0, max(0.0, stage()))
        if tables and rng.random() < 1 - 3 * reached:
            yield _table(rng, reached)
            continue
        climbs = _climbs(rng, Split.TRAINING, rng.randint(2, 3 + round(3 * reached)), 0.25 + 3 * reached)
        key = rng.choice(list(Key))
        text, _ = _context(rng, climbs, _first(STATEMENTS[key], reached), asides=0.4 * reached)
        answers = []
        for climb in rng.choices(climbs, k=round(10 - 6 * reached)):
            if rng.random() < reached:
                text += _question(rng, climb, _first(QUESTIONS[key], reached))
            else:
                text += f" {_filled(rng, QUESTIONS[key][0][1], climb)} {climb.metres // 1000},"
            answers.append((len(text), len(text) + 3))
            text += f"{climb.metres % 1000:03} m."
        yield Lesson(text, tuple(answers))


def _table(rng: random.Random, reached: float) -> Lesson:
    """The same look-up without sentences: keys with their heights, then the same keys again and again."""
    climbs = _climbs(rng, Split.TRAINING, rng.randint(2, 4), 0.25 + 3 * reached)
    form, key = rng.choice(_first(TABLES, 4 * reached)), rng.choice(_first(tuple(Key), 4 * reached))
    text = "".join(before + digits + ". " for before, digits in (_row(form, climb, key) for climb in climbs))
    answers = []
    for climb in rng.choices(climbs, k=3 * len(climbs)):
        before, digits = _row(form, climb, key)
        answers.append((len(text) + len(before), len(text) + len(before) + len(digits)))
        text += before + digits + ". "
    return Lesson(text.rstrip(), tuple(answers))


def _row(form: str, climb: Climb, key: Key) -> tuple[str, str]:
    """What stands before the height's digits, and the digits: one in the shortest form, three in the others."""
    name = climb.team if key is Key.TEAM else str(climb.year)
    digits = f"{climb.metres % 1000:03}"
    return form.format(key=name, thousands=climb.metres // 1000), digits if "," in form else digits[:1]


def _first(items: tuple[T, ...], share: float) -> tuple[T, ...]:
    """A share of `items` from the front, at least one."""
    return items[: 1 + round(min(1.0, share) * (len(items) - 1))]


def _climbs(rng: random.Random, split: Split, number: int, share: float = 1.0) -> list[Climb]:
    """Climbs that differ in year, team and hundreds of metres, and share their thousands."""
    thousands = rng.choice((6, 7, 8, 8, 8))
    teams = rng.sample(_first(TEAMS, share), k=number)
    years = rng.sample(range(1900, 2025), k=number)
    hundreds = rng.sample(range(10), k=number)
    climbs = []
    for year, team, hundred in zip(years, teams, hundreds, strict=True):
        climb = Climb(year, team, 0)
        while climb.metres == 0 or climb.split is not split:
            climb = Climb(year, team, 1000 * thousands + 100 * hundred + rng.randrange(100))
        climbs.append(climb)
    return climbs


def _context(
    rng: random.Random, climbs: list[Climb], statements: tuple[str, ...], asides: float
) -> tuple[str, list[int]]:
    """The text that states `climbs`, and for each of them where the first digit after the comma stands."""
    text = rng.choice(("", "Context: "))
    if rng.random() < 2 * asides:
        text += rng.choice(OPENINGS) + " "
    digits = []
    for climb in climbs:
        before, after = rng.choice(statements).split("{height}")
        text += _filled(rng, before, climb) + f"{climb.metres // 1000},"
        digits.append(len(text))
        text += f"{climb.metres % 1000:03} m" + _feet(rng, climb, asides) + _filled(rng, after, climb) + " "
        if rng.random() < asides:
            text += _filled(rng, rng.choice(ASIDES), climb) + " "
    return text.rstrip(), digits


def _question(rng: random.Random, climb: Climb, forms: tuple[tuple[str, str], ...]) -> str:
    question, answer = rng.choice(forms)
    text = f"\nQuestion: {question} {rng.choice(LEAD_INS)} {answer} {climb.metres // 1000},"
    return _filled(rng, text, climb)


def _feet(rng: random.Random, climb: Climb, share: float) -> str:
    return f" ({round(climb.metres / 0.3048):,} ft)" if rng.random() < share / 2 else ""


def _filled(rng: random.Random, template: str, climb: Climb) -> str:
    return template.format(
        year=climb.year,
        team=climb.team,
        day=rng.randint(1, 30),
        month=rng.choice(MONTHS),
        number=rng.randint(2, 30),
        camp=f"{rng.randint(4, 5)},{rng.randrange(1000):03}",
    )
