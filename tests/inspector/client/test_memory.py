"""Memory to spare, as the system tells it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inspector.client.memory import available_bytes


def test_that_the_available_memory_is_read_in_bytes(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:   24573952 kB\nMemFree:    100 kB\nMemAvailable:    2048 kB\nBuffers: 1 kB\n")
    assert available_bytes(meminfo) == 2048 * 1024


def test_that_a_system_which_does_not_tell_is_not_guessed_at(tmp_path: Path) -> None:
    assert available_bytes(tmp_path / "none") is None
    (tmp_path / "old").write_text("MemTotal: 5 kB\n")
    assert available_bytes(tmp_path / "old") is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_that_this_machine_tells() -> None:
    assert available_bytes()
