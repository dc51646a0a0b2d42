"""Puts any text on one line and makes its invisible characters visible."""

from __future__ import annotations

import unicodedata

_SIGNS = {"\n": "↵", "\t": "⇥", "\r": "␍"}

# Printable by their category, and yet nothing is to be seen.
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")

_DOTTED_CIRCLE = "◌"


def label(text: str) -> str:
    """`text` as one printable line, empty only where `text` is.

    Line breaks and tabs become signs, other control characters, invisible characters and those that turn the
    direction of writing become their code point, ‹U+200B›. Spaces are dots only where there is nothing else.
    """
    if text.isspace():
        return "".join("·" if unicodedata.category(character) == "Zs" else _visible(character) for character in text)
    shown = "".join(map(_visible, text))
    # A mark without its letter would be drawn on whatever stands before the label.
    return _DOTTED_CIRCLE + shown if shown and unicodedata.category(shown[0]).startswith("M") else shown


def bytes_label(raw: bytes) -> str:
    """What is text in `raw` as a label, and the rest in hexadecimal: ‹F0 9F›."""
    shown, rest = [], []
    for character in raw.decode("utf-8", "surrogateescape"):
        if "\udc80" <= character <= "\udcff":
            rest.append(f"{ord(character) - 0xDC00:02X}")
            continue
        shown += [_hexadecimal(rest), label(character)]
        rest = []
    return "".join([*shown, _hexadecimal(rest)])


def _hexadecimal(pairs: list[str]) -> str:
    return f"‹{' '.join(pairs)}›" if pairs else ""


def _visible(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if character == " " or (character.isprintable() and character not in _BLANK_LETTERS):
        return character
    return f"‹U+{code:04X}›"
