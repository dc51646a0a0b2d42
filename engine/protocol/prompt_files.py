"""Files of prompts, read alike by command and window."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.protocol.failures import PromptError


def read_prompt(place: str) -> str:
    """The text of a file, or of standard input for `-`, without the line break most editors end a file with.

    Raises PromptError where there is none to be read.
    """
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
