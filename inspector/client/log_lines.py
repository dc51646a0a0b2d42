"""What a worker writes, cut into lines that may be shown: not too long, not too many, and without secrets."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from engine.protocol.redaction import redacted

LONGEST_LINE = 2_000  # characters
MOST = 100_000  # characters in a second; more can be neither read nor shown without delay

_TOO_LONG = re.compile(rf"([^\r\n]{{{LONGEST_LINE}}})[^\r\n]+")


class LogLines:
    """Takes text in pieces; hands back whole lines, because half a secret is not known as one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = ""  # a line without its end
        self._second = clock()
        self._room = MOST
        self._left_out = 0

    def feed(self, text: str) -> str:
        """The lines that `text` completes, as far as there is room for them in this second."""
        said = self._next_second()
        text = self._begun + text
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        self._begun = text[end:][: LONGEST_LINE + 1]
        whole = text[:end]
        kept = whole[: self._room] if len(whole) <= self._room else whole[: whole.rfind("\n", 0, self._room) + 1]
        self._room -= len(kept)
        self._left_out += len(whole) - len(kept)
        return said + _shown(kept)

    def finish(self) -> str:
        """What is left when nothing more comes."""
        begun, self._begun = self._begun, ""
        return self._told() + _shown(begun)

    def _next_second(self) -> str:
        now = self._clock()
        if now - self._second < 1:
            return ""
        self._second, self._room = now, MOST
        return self._told()

    def _told(self) -> str:
        left_out, self._left_out = self._left_out, 0
        return f"… {left_out:,} characters are left out: too many came at once.\n" if left_out else ""


def _shown(text: str) -> str:
    return redacted(_TOO_LONG.sub(r"\1…", text))
