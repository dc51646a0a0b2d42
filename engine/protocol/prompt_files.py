"""Files of prompts and chats, read alike by command and window."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from engine.protocol.failures import PromptError
from engine.protocol.inputs import Chat, Message


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


def read_chat(place: str, system: str | None = None) -> Chat:
    """The chat in a file, or on standard input for `-`: a JSON list of `{"role": ..., "content": ...}`.

    `system` is said before all messages. Raises PromptError where that is none.
    """
    try:
        messages = msgspec.json.decode(read_prompt(place).encode(), type=tuple[Message, ...])
    except msgspec.MsgspecError as error:
        raise PromptError(
            f'“{place}” is no chat: it takes a JSON list of {{"role": "user", "content": "..."}} ({error}).',
            "prompt_empty",
        ) from error
    return Chat((*(() if system is None else (Message("system", system),)), *messages))
