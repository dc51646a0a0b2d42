"""Relevance on paper: LaTeX, PDF, PNG, tables and arrays. numpy and Pillow, neither Qt nor torch."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from engine.protocol.messages import Export, Exported, ExportGrid


def render(export: Export | ExportGrid, cancelled: Callable[[], bool] = lambda: False) -> Exported:
    """The file's content. Raises EngineError (figure_failed, disk_full) and Stopped.

    What draws is loaded with the first figure: its libraries take half a second, and a worker must start fast.
    """
    exported: Exported = import_module("engine.figures.rendering").render(export, cancelled)
    return exported
