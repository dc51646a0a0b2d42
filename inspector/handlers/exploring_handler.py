"""Opens the grid of gammas about a picture, fills it as answers come, and saves it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.protocol.messages import ExportGrid
from engine.protocol.relevance import Relevance
from engine.protocol.rule_names import Attention, Gamma, gamma_of
from engine.reading.placing import picture_limit
from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.browsing import browse_new_file
from inspector.dialogs.explore import ExploreDialog, GridFigure
from inspector.keeping.settings import Profile
from inspector.look.visible_text import shortened
from inspector.state.figures import look_on
from inspector.state.question import Question
from inspector.state.trouble import Remedy, Trouble


class ExploringHandler(QObject):
    """Looks after one grid at a time."""

    troubled = Signal(object)  # Trouble

    def __init__(self, window: QWidget, inquiry: Inquiry, profile: Profile) -> None:
        super().__init__(window)
        self._window, self._inquiry, self._profile = window, inquiry, profile
        self._explore: ExploreDialog | None = None

    def explore(self) -> None:
        """Open the grid of gammas about the picture that is asked about."""
        question = self._inquiry.study.question
        image = question.input.image
        if image is None:
            self.troubled.emit(Trouble("There is no picture yet to explore gammas on.", Remedy.OPEN_IMAGE))
            return
        gamma = gamma_of(question.rules) or Gamma()
        exploring, view = self._inquiry.exploring, self._inquiry.study.view
        if self._explore is not None:
            self._explore.close()
        dialog = self._explore = ExploreDialog(self._limit_of, view.look.picture_ramp, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._on_explore_finished)
        dialog.started.connect(partial(self._on_exploration_started, question, gamma.attention))
        dialog.stopped.connect(exploring.stop)
        dialog.cell_chosen.connect(partial(self._on_cell_chosen, gamma.attention))
        dialog.export_requested.connect(partial(self._on_grid_export_requested, dialog))
        exploring.answered.connect(dialog.show_cell)
        exploring.rated.connect(dialog.show_rating)
        exploring.advanced.connect(dialog.show_progress)
        exploring.ended.connect(dialog.show_end)
        dialog.show()
        relevance = self._inquiry.study.scene.relevance
        target = (
            f" · {shortened(relevance.target.label)}"
            if relevance is not None and self._inquiry.study.is_answered
            else ""
        )
        dialog.begin(f"{image.name}{target}")

    def _on_explore_finished(self) -> None:
        self._explore = None

    def _limit_of(self, relevance: Relevance) -> float:
        return picture_limit([relevance], None, "layer", self._inquiry.study.view.look.clip)

    def _on_exploration_started(
        self, question: Question, attention: Attention, conv: tuple[float, ...], linear: tuple[float, ...]
    ) -> None:
        self._inquiry.exploring.explore(question, conv, linear, attention)

    def _on_cell_chosen(self, attention: Attention, conv: float, linear: float) -> None:
        self._inquiry.choose_rules(Gamma(conv, linear, attention).name)

    def _on_grid_export_requested(self, dialog: QWidget, figure: GridFigure) -> None:
        folder = Path(self._profile.settings.export_folder or Path.home())
        filters = "Picture (*.png);;PDF (*.pdf)"
        browse_new_file(dialog, str(folder / "grid.png"), filters, partial(self.export_grid, figure))

    def export_grid(self, figure: GridFigure, path: str) -> None:
        """Save the grid: as PDF where the path ends so, else as PNG."""
        view, target = self._inquiry.study.view, Path(path)
        if target.suffix.lower() not in (".png", ".pdf"):
            target = target.with_name(f"{target.name}.png")
        self._profile.keep(structs.replace(self._profile.settings, export_folder=str(target.parent)))
        request = ExportGrid(
            figure.cells,
            figure.rows,
            figure.columns,
            figure.titles,
            "pdf" if target.suffix.lower() == ".pdf" else "png",
            "overlay" if view.mode == "overlay" else "heatmap",
            figure.shared,
            figure.transparent,
            structs.replace(look_on(figure.cells[0], view), layer=None, scale="layer", zoom=figure.zoom),
        )
        self._inquiry.export(request, target)
