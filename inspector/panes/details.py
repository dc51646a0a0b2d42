"""Details of an answer: the rows of the table that the lower panes are made from.

A detail has a title, the request that has to be answered for it, the scenes it applies to, and the pane that shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.protocol.messages import Request
from inspector.state.scene import Scene


class DetailPane(QWidget):
    """A pane of the details: it shows its share of a scene, and says what was clicked in it."""

    layer_clicked = Signal(object)  # int | None
    token_clicked = Signal(int)  # to be looked at
    position_clicked = Signal(int)  # to be explained
    token_hovered = Signal(int)  # -1: none
    block_opened = Signal()  # that of the layer which is looked at
    closed = Signal()  # back to the layers
    part_chosen = Signal(object)  # ModelPart | None: to be looked at in place of a layer

    def show_scene(self, scene: Scene) -> None:
        """Show what `scene` has of it."""

    def title(self) -> str:
        """What its tab is called now; empty where that is what the detail is called."""
        return ""

    def least_height(self) -> int:
        """What it needs to be read, in pixels."""
        return 0

    def take_keys(self) -> None:
        """Let the keys go to what is in it."""

    def point_at(self, token: int) -> None:
        """Mark a token that is under the pointer elsewhere; -1: none."""

    def clear(self) -> None:
        """Show nothing: the detail does not apply any more."""


@dataclass(frozen=True)
class Detail:
    """One row: `request_of` is what to ask for a scene, None where it needs nothing beyond the answer."""

    title: str
    tip: str
    doing: str  # what a person reads while it is computed
    applies: Callable[[Scene], bool]
    request_of: Callable[[Scene], Request | None]
    pane: Callable[[], DetailPane]
