"""`lxt-inspector grid`: one picture explained under many gammas, from one forward pass, as one figure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from engine.figures import render
from engine.protocol.inputs import Picture
from engine.protocol.messages import Explain, Explained, Exported, ExportGrid
from engine.protocol.rule_names import Gamma
from engine.protocol.values import Image, ModelSource
from engine.session import Session
from engine.terminal.asked_target import asked_target
from engine.terminal.progress_on_stderr import ProgressLine
from engine.watch import Watch


def grid(
    source: ModelSource,
    image: Image,
    target: str,
    conv: Sequence[float],
    linear: Sequence[float],
    figure: ExportGrid,
) -> tuple[ExportGrid, Exported]:
    """The answers, a row for each gamma of convolutions and a column for each of linear layers, and their figure.

    `target` is as it is typed. `figure` says how it is drawn, and has no cells yet. Raises EngineError.
    """
    session = Session()
    pairs = [Gamma(of_conv, of_linear) for of_conv in conv for of_linear in linear]
    cells = []
    with ProgressLine() as line:
        watch = Watch(line.show)
        wanted = asked_target(session, source, target, -1, watch)
        for gamma in pairs:
            answer = session.answer(Explain(source, Picture(image), wanted, gamma.name), watch)
            assert isinstance(answer, Explained)
            cells.append(answer.relevance)
        line.show("typeset", 0, 0)
        asked = structs.replace(
            figure,
            cells=tuple(cells),
            rows=tuple(f"conv {gamma:g}" for gamma in conv),
            columns=tuple(f"linear {gamma:g}" for gamma in linear),
        )
        return asked, render(asked)
