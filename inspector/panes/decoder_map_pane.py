"""All layers of what a decoder has said as a map."""

from __future__ import annotations

from typing import ClassVar

from inspector.panes.layer_map_pane import LayerMapPane
from inspector.state.scene import Scene
from inspector.state.text import ShownText


class DecoderMapPane(LayerMapPane):
    """A click on a column explains at its token; the tokens that other views point at are the source's."""

    NAME: ClassVar = "Relevance of the decoder at each layer"

    def point_at(self, token: int) -> None:
        """Mark nothing."""

    def _text_of(self, scene: Scene) -> ShownText | None:
        return scene.decoder

    def _token_of(self, scene: Scene) -> int | None:
        return scene.positions[1]

    def _on_column_clicked(self, column: int) -> None:
        if self._shown is not None:
            self.position_clicked.emit(self._shown.units.range_of(column)[-1])

    def _on_cell_hovered(self, layer: int | None, column: int) -> None:
        """Nothing else shows the decoder's tokens."""
