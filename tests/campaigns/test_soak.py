"""A short soak: a sound window leaks nothing, and leaks that are planted are seen."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.campaigns import soak
from tests.campaigns.soak import Growth

ROUNDS, EVERY = 24, 2
MUCH = 8 << 20  # bytes a round


@pytest.fixture
def kept() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_that_a_sound_window_leaks_nothing(qapp: object) -> None:
    found, wrong = soak.soaked(ROUNDS, every=EVERY)
    assert wrong == []
    assert [one for one in found if one.is_leak] == []
    assert {one.what.partition(",")[0] for one in found} >= {"window", "worker", "figures", "processes"}


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_that_every_leak_that_is_planted_is_seen(qapp: object, kept: ExitStack) -> None:
    memory: list[bytearray] = []

    def leak() -> None:
        memory.append(bytearray(os.urandom(1024)) * (MUCH // 1024))
        kept.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        ended = threading.Event()
        kept.callback(ended.set)
        threading.Thread(target=ended.wait, daemon=True).start()
        child = subprocess.Popen(["sleep", "600"])
        kept.callback(child.wait)
        kept.callback(child.kill)
        tempfile.mkdtemp()

    found, wrong = soak.soaked(ROUNDS, every=EVERY, leak=leak)
    leaks = {one.what for one in found if one.is_leak}
    assert leaks == {"window, MiB", "window, files", "window, threads", "processes", "temporary files"}
    assert wrong == [f"{ROUNDS} processes are left"]


def test_that_the_table_of_what_grows_names_its_rate_and_the_leak() -> None:
    rows = soak.table([Growth("worker, MiB", 700.0, 900.0, 400), Growth("worker, MiB", 700.0, 740.0, 400)])
    assert "| worker, MiB | 700.0 | 900.0 | 400 | +500.0 | leak |" in rows
    assert "| worker, MiB | 700.0 | 740.0 | 400 | +100.0 |  |" in rows
