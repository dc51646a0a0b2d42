"""Clients of a worker that needs no torch, and the promise that no process outlives a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

import inspector
from engine.protocol.messages import Explain
from inspector.client import WorkerClient
from tests.inspector.client.slow_question import slow_question_in
from tests.inspector.client.witness import StartWorker, Witness, is_alive

SCRIPT = Path(__file__).with_name("scripted_worker.py")


@pytest.fixture
def slow_question(tmp_path: Path) -> Explain:
    return slow_question_in(tmp_path / "slow")


@pytest.fixture
def start_worker(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartWorker]:
    """Starts a client whose worker starts `how`; a command can be given instead."""
    monkeypatch.setenv("PYTHONPATH", str(Path(inspector.__file__).parents[1]))
    monkeypatch.setattr("inspector.client.supply.SPARE_DELAY", 100)  # ms; nothing here depends on how long it is
    witnesses: list[Witness] = []

    def start(how: str = "well", command: list[str] | None = None, spare: bool = False, **limits: Any) -> Witness:
        starts = tmp_path / f"starts{len(witnesses)}"
        client = WorkerClient(command or [sys.executable, str(SCRIPT), how, str(starts)], spare, **limits)
        witness = Witness(client, starts)
        witnesses.append(witness)
        client.start()
        return witness

    yield start
    for witness in witnesses:
        witness.client.close()
        assert not [pid for pid in witness.pids if is_alive(pid)]
