"""Errors that libraries raise for damaged files, turned into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pickle import UnpicklingError
from types import TracebackType

import torch

from engine.protocol.failures import DoesNotFit, EngineError, FailureKind, ModelError, Stopped

_SENTENCE_END = re.compile(r"(?<=\w)[.!?] (?=[A-Z])")
_LONGEST_REASON = 300  # characters


class Reading:
    """Inside the `with`, an error of a library becomes a ModelError that names the thing being read."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None or kind is None or isinstance(error, EngineError | Stopped):
            return
        if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error):
            raise DoesNotFit(f"There is not enough memory for {self._what}. Open a smaller model.") from error
        # A library raises whatever it comes upon in a damaged file; the tokenizers package panics, in no Exception.
        if isinstance(error, Exception) or kind.__name__ == "PanicException":
            failure = _kind(error)
            is_same_again = failure != "model_damaged" or isinstance(error, UnpicklingError)
            advice = "" if is_same_again else " Copy or download it again."
            raise ModelError(f"{_capital(self._what)} cannot be read: {_reason(error)}{advice}", failure) from error


@contextmanager
def system_refusals() -> Iterator[None]:
    """Inside, a file that the system refuses is a ModelError that names it; a full disk is not."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise
        raise ModelError(
            f"“{error.filename}” cannot be read: {error.strerror or error}. Allow it to be read, or copy it elsewhere.",
            "model_damaged",
        ) from error


def _kind(error: BaseException) -> FailureKind:
    unsupported = isinstance(error, ImportError | NotImplementedError) or "not supported" in str(error)
    return "model_unsupported" if unsupported else "model_damaged"


def _reason(error: BaseException) -> str:
    """The first sentence of an error's message: what follows is advice for programmers."""
    if isinstance(error, UnpicklingError):
        return "a pickle that holds more than weights is never opened. Convert the model to safetensors."
    text = " ".join(str(error).split()) or type(error).__name__
    text = _SENTENCE_END.split(text, maxsplit=1)[0].rstrip(".:,; ")
    return f"{text}." if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
