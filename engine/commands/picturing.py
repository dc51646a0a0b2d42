"""`lxt-inspector grid`: one picture explained under many gammas, from one forward pass, as one figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.commands.progress_line import ProgressLine
from engine.protocol.messages import Explain, Explained, Exported, ExportGrid, GridFormat, Progress
from engine.protocol.rule_names import Gamma
from engine.protocol.targets import Target
from engine.protocol.values import Image, ModelSource, Relevance
from engine.session import Session


@dataclass(frozen=True)
class GridFigure:
    """The file that is wanted of the answers."""

    format: GridFormat
    picture: Literal["heatmap", "overlay"]
    shared: bool
    colour_map: str
    clip: float
    opacity: float
    zoom: int
    transparent: bool
    original: bool

    def of(self, cells: Sequence[Relevance], conv: Sequence[float], linear: Sequence[float]) -> ExportGrid:
        """The request for it."""
        return ExportGrid(
            tuple(cells),
            tuple(f"conv {gamma:g}" for gamma in conv),
            tuple(f"linear {gamma:g}" for gamma in linear),
            format=self.format,
            picture=self.picture,
            shared=self.shared,
            colour_map=self.colour_map,
            opacity=self.opacity,
            clip=self.clip,
            zoom=self.zoom,
            transparent=self.transparent,
            original=self.original,
        )


def grid(
    source: ModelSource,
    image: Image,
    target: Target,
    conv: Sequence[float],
    linear: Sequence[float],
    figure: GridFigure,
) -> tuple[ExportGrid, Exported]:
    """The answers, a row for each gamma of convolutions and a column for each of linear layers, and their figure.

    Raises EngineError.
    """
    session = Session()
    pairs = [Gamma(of_conv, of_linear) for of_conv in conv for of_linear in linear]
    cells = []
    with ProgressLine() as line:
        for gamma in pairs:
            answer = session.answer(Explain(source, "", target, gamma.name, image=image), line.show, _never)
            assert isinstance(answer, Explained)
            cells.append(answer.relevance)
        line.show(Progress("typeset", 0, 0))
        asked = figure.of(cells, conv, linear)
        made = session.answer(asked, line.show, _never)
        assert isinstance(made, Exported)
        return asked, made


def _never() -> bool:
    """Ctrl+C raises KeyboardInterrupt here; nothing else stops a run."""
    return False
