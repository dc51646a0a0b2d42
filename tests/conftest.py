"""What holds for every test."""

from __future__ import annotations

import gc
import os
from importlib import import_module

import pytest
from hypothesis import HealthCheck, settings

# Each process, and each that a test starts, computes in one thread: several of them share the cores. Torch reads this
# when it is imported, which is after this.
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

# How long an example takes says how busy the machine is.
settings.register_profile("without a clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without a clock")

COSTLY = ("process", "families", "evidence", "real_weights", "latex", "display")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let workers begin with what takes long, so that none is left with it in the end."""
    if hasattr(config, "workerinput"):
        costly = {item.path for item in items if any(item.get_closest_marker(name) for name in COSTLY)}
        items.sort(key=lambda item: item.path not in costly)


def pytest_collection_finish() -> None:
    """Let the collector pass over all that was imported: it stays, and looking through it takes 0.3 seconds."""
    gc.freeze()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    try:
        import_module("PySide6.QtTest")
        import_module("PySide6.QtWidgets")
    except ImportError:  # a library that Qt needs is not on this machine: what needs Qt is skipped, file by file
        pluginmanager.set_blocked("pytest-qt")
    parser.addoption(
        "--update-pictures",
        action="store_true",
        help="keep the views as they look now",
    )
