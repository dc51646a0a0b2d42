"""Waiting with the event loop running, for fixtures that outlive a test."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QThreadPool
from PySide6.QtTest import QTest

PATIENCE = 180  # seconds, which only a failing test waits: torch is imported in them, on a machine that may be busy


def wait_for_reading() -> None:
    """Return once the window has heard of every file that is being read."""
    QThreadPool.globalInstance().waitForDone()
    QCoreApplication.sendPostedEvents()


def wait_until(condition: Callable[[], object]) -> None:
    """Return once `condition()` is true."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "it did not come to that"
        QTest.qWait(10)
