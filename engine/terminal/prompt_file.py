"""Reads prompts and targets from the options of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.protocol.failures import PromptError
from engine.protocol.targets import Class, Contrast, Target, Token, TokenName, Top

_BY_ID = "id:"
_CLASS = "class:"
_MINUS = " - "


def read_target(text: str, position: int = -1, of_picture: bool = False) -> Target:
    """`top`, `class:LABEL_1`, a token as its text or as `id:17`, or `A - B`, where B may be `mean`.

    Spaces belong to the tokens. A class may be given as `class:id:1`; of a picture everything named is one.
    """
    if text == "top":
        return Top(position)
    if text.startswith(_CLASS) and text != _CLASS:
        return Class(_token(text.removeprefix(_CLASS)), None if position == -1 else position)
    token, minus, against = text.rpartition(_MINUS)
    if not minus or not token or not against:
        if of_picture:
            return Class(_token(text), None if position == -1 else position)
        return Token(_token(text), position)
    return Contrast(_token(token), None if against == "mean" else _token(against), position)


def read_prompt(place: str) -> str:
    """The text of a file, or of standard input for `-`, without the line break most editors end a file with."""
    try:
        data = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
    except OSError as error:
        raise PromptError(f"The prompt file “{place}” cannot be read: {error.strerror}.", "prompt_empty") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = "Standard input" if place == "-" else f"“{place}”"
        raise PromptError(f"{what} is not UTF-8 text (byte {error.start}).", "prompt_empty") from error
    return text.removesuffix("\n").removesuffix("\r")


def _token(text: str) -> TokenName:
    number = text.removeprefix(_BY_ID)
    return int(number) if text.startswith(_BY_ID) and number.isdecimal() else text
