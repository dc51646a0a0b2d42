"""The command `grid`: one picture under many gammas."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.figures import render
from engine.protocol.failures import EngineError, RulesError
from engine.protocol.inputs import Picture
from engine.protocol.looks import Look
from engine.protocol.messages import Ending, Explain, Explained, Exported, ExportGrid, Load, Loaded, Request
from engine.protocol.targets import Class
from engine.protocol.values import Image, Memory, ModelSource
from engine.terminal import grid as grid_command
from engine.terminal.grid import grid
from engine.watch import Watch
from tests.engine.figures.made_relevance import of_picture

SOURCE, CAT = ModelSource("bundled:vit"), Image("cat.png", "digest", b"bytes")
FIGURE = ExportGrid(
    (),
    (),
    (),
    (),
    "png",
    "overlay",
    shared=True,
    transparent=True,
    look=Look(colour_map="bwr", opacity=0.4, clip=99.0, zoom=2),
)
ON_ORIGINAL = replace(FIGURE, look=replace(FIGURE.look, original=True))


class PaintingSession:
    """Explains any picture at once, and draws."""

    asked: list[Request]

    def answer(self, request: Request, watch: Watch) -> Ending:
        if isinstance(request, Load):
            return Loaded(replace(of_picture().model, predicts="classes", labels=("cat", "dog")), Memory(1, 2))
        self.asked.append(request)
        assert isinstance(request, Explain)
        watch.step("backward", 1, 1)
        relevance = replace(of_picture(seed=len(self.asked)), rules=request.rules)
        return Explained(request, relevance, (), 0.1, Memory(1, 2))

    @classmethod
    def render(cls, request: ExportGrid) -> Exported:
        cls.asked.append(request)
        return render(request)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    monkeypatch.setattr(PaintingSession, "asked", [], raising=False)
    monkeypatch.setattr(grid_command, "Session", PaintingSession)
    monkeypatch.setattr(grid_command, "render", PaintingSession.render)
    return PaintingSession.asked


def test_that_rows_are_gammas_of_convolutions_and_columns_those_of_linear_layers(asked: list[Request]) -> None:
    figure, made = grid(SOURCE, CAT, "cat", (0.1, 100), (0, 0.05, 1), FIGURE)
    assert made.data.startswith(b"\x89PNG")
    assert figure.rows == ("conv 0.1", "conv 100") and figure.columns == ("linear 0", "linear 0.05", "linear 1")
    expected = [f"gamma(conv={conv}, linear={linear})" for conv in ("0.1", "100") for linear in ("0", "0.05", "1")]
    assert [cell.rules for cell in figure.cells] == expected
    *questions, last = asked
    assert questions == [Explain(SOURCE, Picture(CAT), target=Class("cat"), rules=rules) for rules in expected]
    assert last is figure


def test_that_the_figure_is_as_it_was_asked_for(asked: list[Request]) -> None:
    figure, _ = grid(SOURCE, CAT, "cat", (1,), (1,), FIGURE)
    assert (figure.format, figure.picture, figure.shared, figure.look.colour_map) == ("png", "overlay", True, "bwr")
    assert (figure.look.clip, figure.look.opacity, figure.look.zoom) == (99.0, 0.4, 2)
    assert (figure.transparent, figure.look.original) == (True, False)
    with pytest.raises(EngineError, match="which part of the original"):  # as is not known of the made one
        grid(SOURCE, CAT, "cat", (1,), (1,), ON_ORIGINAL)
    *_, last = asked
    assert isinstance(last, ExportGrid) and last.look.original


def test_that_gammas_too_large_are_refused_before_anything_is_computed(asked: list[Request]) -> None:
    with pytest.raises(RulesError, match="Gamma of linear"):
        grid(SOURCE, CAT, "cat", (0.1,), (0, 1e9), FIGURE)
    assert asked == []
