"""Limits for a program that came with a model, such as its chat template: lines of Python, and memory."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

MOST_LINES = 3_000_000  # about a second; a chat of a thousand messages takes a hundredth
MOST_BYTES = 1 << 30

_STATM = Path("/proc/self/statm")


class BeyondLimit(Exception):
    """What was limited took more lines than it may."""


@contextmanager
def limited(most_lines: int = MOST_LINES) -> Iterator[None]:
    """Inside, `most_lines` lines of Python can be run in this thread before BeyondLimit is raised.

    Where the system can limit the memory of a process, more than a gigabyte more is a MemoryError.
    """
    left = most_lines

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise BeyondLimit
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with _less_memory():
            yield
    finally:
        sys.settrace(before)


@contextmanager
def _less_memory() -> Iterator[None]:
    if not _STATM.is_file():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = int(_STATM.read_text().split()[0]) * resource.getpagesize() + MOST_BYTES
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
