"""Text from prompts and vocabularies made fit to be drawn: nothing invisible, nothing that reorders the page."""

from __future__ import annotations

import re
import unicodedata

# The joiners and the variation selectors stay: Persian, Indic scripts and emoji are written with them.
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_SUSPECT = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # the flag of Wales: the one right use of tags
    "|[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200b\u200e\u200f"
    "\u2028-\u202f\u205f-\u206f\u3000\u3164\ud800-\udfff\ue000-\uf8ff\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff]"
)


def visible(text: str) -> str:
    """`text` on one line with every character that cannot be seen replaced by a sign or its code; spaces stay."""
    if text and not text.strip(_JOINERS):
        return "".join(_code(character) for character in text)
    return _SUSPECT.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) > 1:
        return found
    if ord(found) < 0x20:
        return chr(0x2400 + ord(found))  # the control pictures
    if found == "\x7f":
        return "␡"
    if unicodedata.category(found) == "Zs":
        return " "
    return _code(found)


def _code(character: str) -> str:
    return f"⟨{ord(character):04X}⟩"


def visible_lines(text: str) -> str:
    """`text` as `visible` shows it, with its own line breaks."""
    return "\n".join(map(visible, text.split("\n")))
