"""`lxt-inspector explain`: explains one target of one prompt or picture, and makes a figure of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import structs

from engine.figures import render
from engine.protocol.failures import EngineError
from engine.protocol.looks import Drawing, Look
from engine.protocol.messages import Explain, Explained, Export, Exported, FigureFormat
from engine.session import Session
from engine.terminal.asked_target import asked_target
from engine.terminal.progress_on_stderr import ProgressLine
from engine.watch import Watch


@dataclass(frozen=True)
class Figure:
    """The file to make of an answer."""

    format: FigureFormat
    picture: Drawing


def explain(
    question: Explain, target: str, position: int, look: Look, figure: Figure | None
) -> tuple[Explained, Exported | None]:
    """The answer for the target that is typed, and the figure where one is wanted. Raises EngineError."""
    session = Session()
    with ProgressLine() as line:
        watch = Watch(line.show)
        wanted = asked_target(session, question.source, target, position, watch)
        answer = session.answer(structs.replace(question, target=wanted), watch)
        assert isinstance(answer, Explained)
        last = len(answer.relevance.layers) - 1
        if look.layer is not None and not 0 <= look.layer <= last:
            raise EngineError(f"The model has no layer {look.layer}: its layers are 0 to {last}.", "target_unknown")
        if figure is None:
            return answer, None
        if figure.format == "pdf":
            line.show("typeset", 0, 0)
        return answer, render(Export(answer.relevance, figure.format, figure.picture, look))
