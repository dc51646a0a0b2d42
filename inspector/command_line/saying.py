"""Says things on a terminal: whatever a model, a file or a library calls itself is text there, and nothing else."""

from __future__ import annotations

import io
import re
import sys
from typing import TextIO

from engine.protocol.redaction import redacted
from engine.protocol.visible_text import visible, visible_lines


def say(text: str, err: bool = False) -> None:
    """Print the text, of one or more lines, on stdout or stderr."""
    print(visible_lines(text), file=sys.stderr if err else sys.stdout)


def guard_streams() -> None:
    """Have stdout and stderr show what others write to them as `say` would; progress may still write over its line."""
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


def _guarded(stream: TextIO) -> TextIO:
    return _Guarded(stream) if isinstance(stream, io.TextIOWrapper) else stream


class _Guarded(io.TextIOWrapper):
    def __init__(self, stream: io.TextIOWrapper) -> None:
        # a token may be what the terminal cannot show
        super().__init__(stream.detach(), stream.encoding, "backslashreplace", line_buffering=True, write_through=True)

    def write(self, text: str, /) -> int:
        super().write("".join(map(_fit, re.split("([\r\n])", redacted(text)))))
        return len(text)


def _fit(piece: str) -> str:
    return piece if piece in ("\r", "\n") else visible(piece)
