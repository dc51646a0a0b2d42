"""The lens: what the model would predict if a layer were its last."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.protocol.messages import Ending, LayersRead, ReadLayers
from inspector.look.visible_text import visible
from inspector.panes.asked_pane import AskedPane
from inspector.state.scene import Scene
from inspector.state.sides import ShownPart
from inspector.views.inside.lens_table import LensRow, LensTable
from inspector.views.prediction_rows import shown_token

_WAITING = "What the model would predict after each layer stands here as soon as nothing else is under way."


def layers_read(scene: Scene) -> ReadLayers:
    """What is asked about the answer of `scene`."""
    return ReadLayers(scene.question)


class LensPane(AskedPane):
    """A table of all layers; a row that is chosen is the layer that is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.table = LensTable()
        super().__init__(self.table, self.table, _WAITING, parent)
        self.table.row_chosen.connect(lambda row: self.layer_clicked.emit(self.table.layer_at(row)))

    def show_scene(self, scene: Scene) -> None:
        """Show what is known of `scene`, with the cursor at its layer."""
        super().show_scene(scene)
        self.table.set_layer(scene.view.look.layer)

    def request_of(self, scene: Scene) -> ReadLayers:
        return layers_read(scene)

    def _show(self, found: Ending, scene: Scene, part: ShownPart) -> None:
        assert isinstance(found, LayersRead)
        rows = [
            LensRow(each.layer, tuple(map(shown_token, each.predictions)), each.rank, each.logit, each.probability)
            for each in found.layers
        ]
        self.table.show_layers(rows, visible(part.answer.relevance.target.label))

    def _set_stale(self, stale: bool) -> None:
        self.table.set_stale(stale)
