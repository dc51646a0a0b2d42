"""What is on show, as the request for a figure of it."""

from __future__ import annotations

from engine.protocol.messages import Export, ExportGrid, FigureFormat, GridFormat, Picture
from inspector.state.picture import is_on_original
from inspector.state.scene import Scene


def figure_of(scene: Scene, figure_format: FigureFormat, picture: Picture) -> Export | None:
    """The answer on show; None where there is none."""
    relevance, view = scene.relevance, scene.view
    if relevance is None:
        return None
    return Export(
        relevance,
        figure_format,
        picture,
        view.layer,
        view.scale,
        view.colour_map,
        view.opacity,
        view.clip,
        original=is_on_original(relevance, view),
    )


def pair_of(scene: Scene, figure_format: GridFormat) -> ExportGrid | None:
    """The answers beside each other on one scale, under their titles; None where there is no picture."""
    shown, view = scene.picture, scene.view
    if shown is None:
        return None
    return ExportGrid(
        tuple(side.answer.relevance for side in shown.sides),
        rows=("",),
        columns=tuple(side.title for side in shown.sides),
        format=figure_format,
        picture="overlay" if view.mode == "overlay" else "heatmap",
        shared=True,
        colour_map=view.colour_map,
        opacity=view.opacity,
        clip=view.clip,
        layer=view.layer,
        scale=view.scale,
        original=shown.original,
    )
