"""A prompt's tokens as coloured boxes in reading order, before anyone knows how wide a line is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from engine.figures.fonts import FontChoice, Run
from engine.figures.visible import Mark, is_wide, shown, visible
from engine.protocol.values import Token

_LONGEST = 32  # clusters; a longer token is several boxes, or it would stick out of the page


@dataclass(frozen=True)
class Box:
    """A token, or a part of one, that stays on one line."""

    token: int
    gap: int  # spaces before the text, which vanish where a line is broken before the box
    units: tuple[Run | Mark, ...]
    after_word: bool  # whether a line is better broken before this box than before the next
    ends_line: bool  # the prompt itself breaks the line here


def boxes(tokens: Sequence[Token], fonts: FontChoice) -> Iterator[Box]:
    """Every token as one box or several; the spaces and line breaks are the prompt's own."""
    before = "\n"  # the last unit drawn, with "\n" for the beginning of a line
    for index, token in enumerate(tokens):
        for part in _parts(visible(shown(token))):
            first, last = part[0], part[-1]
            ends_line = last == Mark("newline", 10)
            spaces = len(list(takewhile(lambda unit: unit == " ", part)))
            gap = spaces if before != "\n" and spaces < len(part) else 0
            after_word = gap > 0 or before in (" ", "\n") or _is_wide(before) or _is_wide(first)
            yield Box(index, gap, fonts.runs(part[gap:]), after_word, ends_line)
            before = "\n" if ends_line else last if isinstance(last, str) else "?"


def _parts(units: tuple[str | Mark, ...]) -> Iterator[tuple[str | Mark, ...]]:
    """The units cut after every line break, and where a part grows too long."""
    part: list[str | Mark] = []
    for unit in units:
        part.append(unit)
        if len(part) == _LONGEST or unit == Mark("newline", 10):
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def _is_wide(unit: str | Mark) -> bool:
    return isinstance(unit, str) and is_wide(unit)
