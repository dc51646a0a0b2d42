"""Panes beside each other: each shows a picture, its heatmap or both, of one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from inspector.look.theme import Space

Mode = Literal["picture", "heatmap", "overlay", "side by side"]
Layer = Literal["picture", "heatmap", "overlay"]


@dataclass(frozen=True)
class Pane:
    """One pane: its layer, the answer shown in it, and its place."""

    index: int  # from the left
    layer: Layer
    answer: int
    place: QRectF


def panes(mode: Mode, answers: int, room: QRectF) -> tuple[Pane, ...]:
    """All panes, of the same size and from left to right."""
    layers = _layers(mode, answers)
    width = (room.width() - (len(layers) - 1) * Space.SMALL) / len(layers)
    left = QRectF(room.left(), room.top(), width, room.height())
    return tuple(
        Pane(index, layer, answer, left.translated(index * (width + Space.SMALL), 0))
        for index, (layer, answer) in enumerate(layers)
    )


def pane_at(point: QPointF, among: tuple[Pane, ...]) -> Pane:
    """The pane that `point` is in; the first where it is in none."""
    return next((pane for pane in among if pane.place.contains(point)), among[0])


def _layers(mode: Mode, answers: int) -> tuple[tuple[Layer, int], ...]:
    match mode:
        case "picture":
            return (("picture", 0),)
        case "side by side":
            return (("picture", 0), *(("heatmap", answer) for answer in range(answers)))
        case layer:
            return tuple((layer, answer) for answer in range(answers))
