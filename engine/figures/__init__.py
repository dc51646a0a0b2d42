"""Relevance on paper: LaTeX, PDF, PNG, tables and arrays. numpy and Pillow, neither Qt nor torch."""

from __future__ import annotations

from importlib import import_module

from engine.protocol.messages import Export, Exported, ExportGrid, ExportInside
from engine.watch import UNWATCHED, Watch


def render(export: Export | ExportGrid | ExportInside, watch: Watch = UNWATCHED) -> Exported:
    """The file's content. Raises EngineError (figure_failed, disk_full) and Stopped.

    What draws is loaded with the first figure: its libraries take half a second, and a worker must start fast.
    """
    exported: Exported = import_module("engine.figures.rendering").render(export, watch)
    return exported
