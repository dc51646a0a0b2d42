"""Reads targets from the options of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.targets import Class, Contrast, Target, Token, TokenName, Top

_BY_ID = "id:"
_CLASS = "class:"
_MINUS = " - "


def read_target(text: str, position: int = -1, classes: Sequence[str] | None = None) -> Target:
    """`top`, `class:LABEL_1`, a token as its text or as `id:17`, or `A - B`, where B may be `mean`.

    Spaces belong to the tokens. `classes` are the labels of a model that chooses from classes, which may lack names:
    then everything named is one, alone as in a difference, with `class:` before it or without.
    """
    if text == "top":
        return Top(position)
    if classes is not None:
        return _of_classes(text, position, classes)
    if text.startswith(_CLASS) and text != _CLASS:
        return _class(text, position)
    token, minus, against = text.rpartition(_MINUS)
    if not minus or not token or not against:
        return Token(_token(text), position)
    return Contrast(_token(token), None if against == "mean" else _token(against), position)


def _of_classes(text: str, position: int, classes: Sequence[str]) -> Target:
    """A class, or two: a label that has a minus in it is itself before it is a difference."""
    pieces = text.split(_MINUS)
    splits = [(_MINUS.join(pieces[:i]), _MINUS.join(pieces[i:])) for i in range(len(pieces) - 1, 0, -1)]
    splits = [(one, other) for one, other in splits if one and other]
    if _bare(text) in classes or not splits:
        return _class(text, position)
    known = (split for split in splits if all(_bare(name) in classes or name == "mean" for name in split))
    one, against = next(known, splits[0])
    return Contrast(_token(_bare(one)), None if against == "mean" else _token(_bare(against)), position)


def _class(text: str, position: int) -> Class:
    return Class(_token(_bare(text)), None if position == -1 else position)


def _bare(name: str) -> str:
    return name.removeprefix(_CLASS) or name


def _token(text: str) -> TokenName:
    number = text.removeprefix(_BY_ID)
    return int(number) if text.startswith(_BY_ID) and number.isdecimal() else text
