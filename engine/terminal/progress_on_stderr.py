"""Progress of a run on stderr, on one line that is written over; nothing where nobody watches."""

from __future__ import annotations

import sys

from engine.protocol.messages import Phase

_WORDS: dict[Phase, str] = {
    "download": "Downloading",
    "load": "Loading the model",
    "generate": "Generating, token",
    "forward": "Forward, block",
    "backward": "Backward, block",
    "matrix": "Explaining each token,",
    "lens": "Reading layers,",
    "check": "Checking",
    "rate": "Taking patches away,",
    "typeset": "Typesetting",
}
_MEBIBYTE = 1 << 20


class ProgressLine:
    """Writes to stderr if that is a terminal; leaving the `with` wipes the line."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._width = 0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def show(self, phase: Phase, done: int, total: int) -> None:
        """Writes over the line before."""
        self._write(_in_words(phase, done, total))

    def _write(self, text: str) -> None:
        if self._watched and (text or self._width):
            sys.stderr.write("\r" + text.ljust(self._width) + ("" if text else "\r"))
            sys.stderr.flush()
            self._width = len(text)


def _in_words(phase: Phase, done: int, total: int) -> str:
    words = _WORDS[phase]
    if phase == "download":
        amount = f"{done / _MEBIBYTE:,.0f}" + (f" of {total / _MEBIBYTE:,.0f}" if total else "")
        return f"{words} {amount} MiB"
    return f"{words} {done} of {total}" if total else words
