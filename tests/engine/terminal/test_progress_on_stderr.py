"""Progress is for who watches."""

from __future__ import annotations

from io import StringIO

import pytest

from engine.terminal.models import size
from engine.terminal.progress_on_stderr import ProgressLine


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_that_a_line_is_written_over_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with ProgressLine() as line:
        line.show("download", 5 << 20, 200 << 20)
        line.show("forward", 3, 30)
    first, second, wiped, end = terminal.getvalue().split("\r")[1:]
    assert first == "Downloading 5 of 200 MiB"
    assert second.rstrip() == "Forward, block 3 of 30" and len(second) == len(first)
    assert wiped.isspace() and end == ""


def test_that_nothing_is_written_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with ProgressLine() as line:
        line.show("load", 1, 0)
    assert pipe.getvalue() == ""


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_140_000, "4.1 MB"), (7e12, "7.0 TB")]
)
def test_that_sizes_are_for_people(count: float, words: str) -> None:
    assert size(count) == words
