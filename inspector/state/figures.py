"""Requests for figures of what is on show."""

from __future__ import annotations

from msgspec import structs

from engine.protocol.looks import Drawing, Look
from engine.protocol.messages import Export, ExportGrid, FigureFormat, GridFormat
from engine.protocol.relevance import Relevance
from inspector.state.picture import is_on_original
from inspector.state.scene import Scene
from inspector.state.view import View


def figure_of(scene: Scene, figure_format: FigureFormat, picture: Drawing) -> Export | None:
    """The answer on show; None where there is none."""
    relevance = scene.relevance
    return None if relevance is None else Export(relevance, figure_format, picture, look_on(relevance, scene.view))


def pair_of(scene: Scene, figure_format: GridFormat) -> ExportGrid | None:
    """The answers about a picture beside each other on one scale, under their titles; None where there are none."""
    shown, view = scene.part, scene.view
    if shown is None or "heatmap" not in shown.relevance.parts[0].drawings:
        return None
    return ExportGrid(
        tuple(side.relevance for side in shown.sides),
        rows=("",),
        columns=shown.titles,
        format=figure_format,
        picture="overlay" if view.mode == "overlay" else "heatmap",
        shared=True,
        look=look_on(shown.relevance, view),
    )


def look_on(relevance: Relevance, view: View) -> Look:
    """The view's look, on the original only where that is known, and at no layer that only a decoder has."""
    layer = None if view.look.layer is None else min(view.look.layer, len(relevance.layers) - 1)
    return structs.replace(view.look, layer=layer, original=is_on_original(relevance, view.look))
