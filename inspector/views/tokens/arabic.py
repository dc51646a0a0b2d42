"""Arabic letters keep the forms they have in their word where a token's border runs through it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ZERO_WIDTH_JOINER = "\u200d"
_ARABIC = re.compile("[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff]")
# Letters that never join the letter after them (Unicode's joining types R and U).
_ENDS_JOINING = re.compile(
    "[\u0621-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0677\u0688-\u0699\u06c0\u06c3-\u06cb\u06cd\u06cf\u06d2\u06d3"
    "\u06d5\u06dd\u06ee\u06ef\u0759-\u075b\u076b\u076c\u0771\u0773\u0774\u0778\u0779\u08aa-\u08ae\u08b1\u08b2\u08b9]"
)
_STARTS_ALONE = re.compile("[\u0621\u0674\u06d5\u06dd]")


def joined(texts: list[str], ends_row: Sequence[bool]) -> list[str]:
    """The texts with a joiner at both sides of each border between letters that join in writing."""
    if not _ARABIC.search("".join(texts)):
        return texts
    shaped = list(texts)
    for index in range(1, len(texts)):
        if not ends_row[index - 1] and _join(texts[index - 1], texts[index]):
            shaped[index - 1] += _ZERO_WIDTH_JOINER
            shaped[index] = _ZERO_WIDTH_JOINER + shaped[index]
    return shaped


def _join(before: str, after: str) -> bool:
    last = next((c for c in reversed(before) if unicodedata.category(c) != "Mn"), " ")
    return (
        _is_letter(last) and _is_letter(after[0]) and not _ENDS_JOINING.match(last) and not _STARTS_ALONE.match(after)
    )


def _is_letter(character: str) -> bool:
    return bool(_ARABIC.match(character)) and unicodedata.category(character) in ("Lo", "Lm")
