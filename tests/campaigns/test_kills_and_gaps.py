"""A few of the kills that the campaign tries by the thousand, and its table of gaps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from tests.campaigns import kills, real_kills, simulated_kills
from tests.campaigns.gaps import table
from tests.campaigns.watched_client import Outcome

ROOT = Path(__file__).parents[2]


@pytest.mark.process
def test_that_kills_at_every_kind_of_step_cost_no_more_than_the_run(qapp: object) -> None:
    found = list(simulated_kills.outcomes(range(30)))
    assert [one for one in found if one.wrong] == []
    steps = {one.how for one in found}
    assert all(any(part in step for step in steps) for part in ("Load", "Explain", "Export", "Cancelled", "while it"))


@pytest.mark.process
def test_that_a_real_worker_is_killed_and_answers_again(qapp: object) -> None:
    found = list(real_kills.outcomes([1, 3]))
    assert [one for one in found if one.wrong] == []
    assert [one.seconds > 0 for one in found] == [True, True, False]


def test_that_the_table_of_kills_names_the_seeds_of_what_failed() -> None:
    found = [Outcome("before Hello", 3, ()), Outcome("before Hello", 4, ("worker: 2 endings",))]
    assert "| before Hello | 2 | 1 | 4: worker: 2 endings | " in kills.table(found)


@pytest.mark.process
def test_that_gaps_are_looked_for_wherever_a_person_waits(tmp_path: Path) -> None:
    given = ["--model", "bundled:llama", "--explanations", "1", "--megabytes", "0.1", "--pieces", "10"]
    command = [sys.executable, "-W", "ignore", "-m", "tests.campaigns.gaps", *given]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    for part in ("start", "a model is loaded", "it explains", "a picture is opened", "a long log"):
        assert f"| {part} | " in done.stdout


def test_that_a_gap_is_in_the_table() -> None:
    found = {"start": [(0.0, 0.1), (0.0, 2.0), (80.0, 1.5)]}  # 80 ms, most of them spent waiting
    assert "| start | 3 | 0.0 | 78.4 | 80.0 | 2.0 |" in table(found)
