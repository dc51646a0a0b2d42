"""Explains one target of one prompt or picture, and makes a figure of the answer: the main job without a window."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol.failures import EngineError
from engine.protocol.looks import Scale
from engine.protocol.messages import Explain, Explained, Export, Exported, FigureFormat, Picture, Progress
from engine.protocol.values import Relevance
from engine.session import Session
from engine.terminal.progress_on_stderr import ProgressLine


@dataclass(frozen=True)
class Figure:
    """The file that is wanted of an answer."""

    format: FigureFormat
    picture: Picture
    layer: int | None
    scale: Scale
    colour_map: str
    clip: float
    opacity: float
    zoom: int
    original: bool

    def of(self, relevance: Relevance) -> Export:
        """The request for it."""
        return Export(
            relevance,
            self.format,
            self.picture,
            self.layer,
            self.scale,
            self.colour_map,
            opacity=self.opacity,
            clip=self.clip,
            zoom=self.zoom,
            original=self.original,
        )


def explain(question: Explain, layer: int | None, figure: Figure | None) -> tuple[Explained, Exported | None]:
    """The answer, and the figure where one is wanted. Raises EngineError."""
    session = Session()
    with ProgressLine() as line:
        answer = session.answer(question, line.show, _never)
        assert isinstance(answer, Explained)
        last = len(answer.relevance.layers) - 1
        if layer is not None and not 0 <= layer <= last:
            raise EngineError(f"The model has no layer {layer}: its layers are 0 to {last}.", "target_unknown")
        if figure is None:
            return answer, None
        if figure.format == "pdf":
            line.show(Progress("typeset", 0, 0))
        made = session.answer(figure.of(answer.relevance), line.show, _never)
        assert isinstance(made, Exported)
        return answer, made


def _never() -> bool:
    """Ctrl+C raises KeyboardInterrupt here; nothing else stops a run."""
    return False
