"""The view: how an answer is looked at in the window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from msgspec import structs

from engine.protocol.looks import Look
from inspector.state.model_part import HeadWay, ModelPart

AS_IT_COMES = Look()
PictureMode = Literal["picture", "heatmap", "overlay", "side by side"]


@dataclass(frozen=True)
class View:
    """A look, the token under the cursor, and how relevance is laid over a picture.

    `through` is the part of the model that is looked at in place of a layer, `way` what tokens show of a head.
    """

    look: Look = AS_IT_COMES
    token: int | None = None
    through: ModelPart | None = None
    way: HeadWay = "asked"
    lens: bool = False  # what is likeliest after each layer stands beside the layer map
    mode: PictureMode = "overlay"
    patches: bool = False  # lines between them
    difference: bool = False  # to the pinned answer, in place of both

    def looking(self, **changes: Any) -> View:
        """The view with changes of its look, such as `layer=3`."""
        return replace(self, look=structs.replace(self.look, **changes))
