"""The errors the engine raises on purpose: each has a kind the window understands and a sentence for people."""

from __future__ import annotations

import re
from typing import Literal

from engine.protocol.redaction import redacted
from engine.protocol.visible_text import visible

FailureKind = Literal[
    "worker_died",  # the process ended, or had to be ended
    "protocol",  # the other side cannot be understood, or its command is none
    "model_not_found",
    "model_gated",  # licence to accept or token to give
    "offline",  # the hub cannot be reached
    "needs_remote_code",
    "model_unsupported",  # opened, but not a model that can be explained
    "model_damaged",  # its files cannot be read
    "device_unavailable",
    "out_of_memory",
    "prompt_empty",
    "prompt_too_long",
    "image_unreadable",  # damaged, too large, or of a kind that is not opened
    "target_unknown",  # not a token, several tokens, outside the prompt
    "rules_unknown",
    "figure_failed",  # LaTeX said no, or there is none
    "disk_full",
    "internal",  # a defect of ours
]


_LONGEST_WORD, _LONGEST_MESSAGE = 400, 1000  # characters: what a file calls its entries may be of any length
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
_LINE_BREAK = re.compile(r"\s*[\r\n]\s*")


class EngineError(Exception):
    """Something the engine cannot do. The message names what was found and what would do, on one line.

    Secrets and characters that cannot be seen are no part of it.
    """

    kind: FailureKind = "internal"

    def __init__(self, message: str, kind: FailureKind | None = None) -> None:
        super().__init__(_as_sentence(message))
        if kind is not None:
            self.kind = kind


class ModelError(EngineError):
    """A model cannot be opened or cannot be explained."""

    kind = "model_unsupported"


class PromptError(EngineError):
    """A prompt the model cannot take."""

    kind = "prompt_too_long"


class ImageError(EngineError):
    """A picture that cannot be read, or that the model cannot take."""

    kind = "image_unreadable"


class TargetError(EngineError):
    """A target the model does not have."""

    kind = "target_unknown"


class DoesNotFit(EngineError):
    """A run that does not fit into memory."""

    kind = "out_of_memory"


class RulesError(EngineError):
    """A rule set that does not exist."""

    kind = "rules_unknown"


class ProtocolError(EngineError):
    """The other side of the connection cannot be understood."""

    kind = "protocol"


class Stopped(Exception):
    """Raised inside a run that was asked to stop. Not an error."""


def _as_sentence(message: str) -> str:
    line = visible(_LINE_BREAK.sub(" ", redacted(message).strip()))
    words = _LONG_WORD.sub(lambda word: _shortened(word[0], _LONGEST_WORD), line)
    return _shortened(words, _LONGEST_MESSAGE)


def _shortened(text: str, longest: int) -> str:
    """`text` without its middle, where it is too long to be read."""
    return text if len(text) <= longest else f"{text[: longest // 4]}…{text[-longest // 4 :]}"


def in_tokens(count: int) -> str:
    """A number of tokens in words: "1 token", "8,192 tokens"."""
    return f"{count:,} token" if count == 1 else f"{count:,} tokens"
