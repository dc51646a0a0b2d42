"""Makes any string visible: text draws as it reads, and characters without a picture become marks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from engine.protocol.values import Token

_JOINERS = "\u200c\u200d"
_KEYCAP = "\u20e3"
_NO_BREAK_SPACE = "\u00a0"
_IDEOGRAPHIC_SPACE = "\u3000"
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by their category, and yet nothing is to be seen
_PRINTED_FORMATS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2"  # Arabic signs: class Cf, but drawn
_REGION = re.compile("\U0001f3f4([\U000e0020-\U000e007e]{1,14})\U000e007f")  # a black flag, and whose it is
_LONGEST_CLUSTER = 16  # characters; the longest emoji are made of ten
_MOST_ACCENTS = 3  # above one letter; more would run into the line above


@dataclass(frozen=True)
class Mark:
    """A character shown by a sign of its own: a line break, a tab, or its code point.

    `code` has no picture in any font; `undrawn` has none in the fonts at hand.
    """

    kind: Literal["newline", "tab", "code", "undrawn"]
    point: int

    @property
    def code(self) -> str:
        """The code point as it is usually written, e.g. U+202E."""
        return f"U+{self.point:04X}"


def shown(token: Token) -> str:
    """What stands for the token in a figure: its text, or its label where it has none."""
    return token.text or token.label or "∅"


def visible(text: str) -> tuple[str | Mark, ...]:
    """The text as clusters (a letter and what combines with it) and marks; no character is left out."""
    units: list[str | Mark] = []
    flags = {found.start(): found[0] for found in _REGION.finditer(text)}
    end = 0  # of the last flag
    for place, character in enumerate(text):
        if place in flags:
            units.append(flags[place])
            end = place + len(flags[place])
        if place < end:
            continue
        before = units[-1] if units else ""
        if isinstance(before, str) and before and _continues(character, before):
            units[-1] = before + character
        else:
            units.append(_alone(character))
    return tuple(units)


def is_ignorable(character: str) -> bool:
    """Whether a font may lack this character: it only changes how its neighbours look."""
    return character in _JOINERS or _is_variation_selector(character) or _is_skin_colour(character)


def is_emoji(cluster: str) -> bool:
    """Whether the cluster is a small picture rather than a letter."""
    first = cluster[0]
    if "\ufe0e" in cluster:  # asks to be drawn as text
        return False
    return "\ufe0f" in cluster or _KEYCAP in cluster or _is_flag_letter(first) or "\U0001f300" <= first <= "\U0001faff"


def region_of(cluster: str) -> str:
    """The letters of the region whose flag the cluster is, such as gbwls of Wales; empty where it is none."""
    found = _REGION.fullmatch(cluster)
    return "" if found is None else "".join(chr(ord(tag) - 0xE0000) for tag in found[1])


def is_wide(cluster: str) -> bool:
    """Whether lines may be broken on either side, as in Chinese and Japanese."""
    return unicodedata.east_asian_width(cluster[0]) in "WF"


def _continues(character: str, before: str) -> bool:
    """Whether the character belongs to the cluster before it."""
    if before == " " or len(before) >= _LONGEST_CLUSTER:
        return False
    if _is_variation_selector(character):
        return not _is_variation_selector(before[-1])
    if character in _JOINERS:
        return not before.isascii() and before[-1] not in _JOINERS
    if unicodedata.category(character) in ("Mn", "Me", "Mc"):
        return sum(unicodedata.category(accent) in ("Mn", "Me") for accent in before) < _MOST_ACCENTS
    if before[-1] == "\u200d" or _is_skin_colour(character):
        return is_emoji(before)
    return len(before) == 1 and _is_flag_letter(before) and _is_flag_letter(character)


def _alone(character: str) -> str | Mark:
    """The character as the beginning of a cluster, or as a mark."""
    category = unicodedata.category(character)
    if character == "\n":
        return Mark("newline", ord(character))
    if character == "\t":
        return Mark("tab", ord(character))
    if category == "Zs" and character != _IDEOGRAPHIC_SPACE:
        return " "
    if category in ("Cc", "Cs", "Cn", "Zl", "Zp") or character in _BLANK_LETTERS or _is_variation_selector(character):
        return Mark("code", ord(character))
    if category == "Cf" and character not in _PRINTED_FORMATS:
        return Mark("code", ord(character))
    if category in ("Mn", "Me", "Mc"):  # a token may begin with an accent: give it something to stand on
        return _NO_BREAK_SPACE + character
    return character


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_skin_colour(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
