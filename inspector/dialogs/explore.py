"""The dialog of many gammas about one picture, beside each other: to look at, to choose from, and to save."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.protocol.looks import Ramp
from engine.protocol.relevance import Relevance
from inspector.look.labels import heading_label, quiet_label
from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.views.gammas.explore_grid import ExploreGrid, Gammas

CONV: Gammas = (0.1, 0.25, 100.0)
LINEAR: Gammas = (0.0, 0.01, 0.05, 0.1, 1.0)
_SIZE = (920, 720)
_ZOOMS = (1, 2, 3, 4)


class GridFigure(Struct, frozen=True):
    """The figure to be saved: its cells, row by row, and how they are to look."""

    cells: tuple[Relevance, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    titles: tuple[str, ...]
    shared: bool
    zoom: int
    transparent: bool


class ExploreDialog(QDialog):
    """A grid of cells, filled as answers arrive; `limit_of` gives the value at which the colours of a cell end."""

    started = Signal(object, object)  # gammas of convolutions and of linear layers
    stopped = Signal()
    cell_chosen = Signal(float, float)  # conv, linear
    export_requested = Signal(object)  # GridFigure

    def __init__(self, limit_of: Callable[[Relevance], float], ramp: Ramp, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit_of, self._ramp = limit_of, ramp
        self._cells: dict[tuple[int, int], Relevance] = {}
        self._ratings: dict[tuple[int, int], float] = {}
        self._running = False
        self.setWindowTitle("Explore gammas")
        self.resize(*_SIZE)
        self.grid = ExploreGrid()
        self._about = heading_label("")
        self._state = named("explore_state", quiet_label())
        self._shared = named("explore_shared", QCheckBox("One colour scale"))
        self._run = named("explore_run", QPushButton("Explore"))
        self._export = named("explore_export", QPushButton("Export…"))
        self._zoom = named("explore_zoom", QComboBox())
        self._transparent = named("explore_transparent", QCheckBox("Transparent"))
        for button in (self._run, self._export):
            button.setAutoDefault(False)
        for zoom in _ZOOMS:
            self._zoom.addItem(f"{zoom}×", zoom)
        self._zoom.setAccessibleName("Size of the exported picture")
        self._lay_out()
        self.grid.axes_changed.connect(self._on_axes_changed)
        self.grid.cell_clicked.connect(self._on_cell_clicked)
        self._shared.toggled.connect(self._on_shared_toggled)
        self._run.clicked.connect(self._on_run_clicked)
        self._export.clicked.connect(self._on_export_clicked)
        self._export.setEnabled(False)

    def begin(self, about: str, conv: Gammas = CONV, linear: Gammas = LINEAR) -> None:
        """Start with these gammas; `about` says what is explained."""
        self._about.setText(about)
        self.grid.set_axes(conv, linear)
        self._start()

    def show_cell(self, row: int, column: int, relevance: Relevance) -> None:
        self._cells[row, column] = relevance
        self._export.setEnabled(True)
        if self._shared.isChecked():
            self._paint_all()  # the largest may be another now
        else:
            self._paint(row, column)

    def show_rating(self, row: int, column: int, rating: float) -> None:
        """Write a rating, and mark the best so far."""
        self._ratings[row, column] = rating
        self.grid.set_rating(row, column, rating)
        self.grid.mark_best(*max(self._ratings, key=lambda cell: self._ratings[cell]))

    def show_progress(self, done: int, total: int) -> None:
        self._state.setText(f"{done} of {total}: " + ("explaining" if done < total // 2 else "rating") + " each pair")

    def show_end(self, failure: str = "") -> None:
        """Say that nothing more comes, and why if it failed."""
        self._running = False
        self._run.setText("Explore again")
        conv, linear = self.grid.axes()
        pairs = len(conv) * len(linear)
        if len(self._ratings) == pairs:
            self._state.setText(_HELP)
        else:
            there = f"{len(self._cells)} of {pairs} are explained, {len(self._ratings)} rated."
            self._state.setText(f"{failure or 'Stopped.'} {there}")

    def done(self, result: int) -> None:
        self._stop()
        super().done(result)

    def _start(self) -> None:
        self._cells.clear()
        self._ratings.clear()
        self._export.setEnabled(False)
        self._running = True
        self._run.setText("Stop")
        self.started.emit(*self.grid.axes())

    def _stop(self) -> None:
        if self._running:
            self.stopped.emit()

    def _paint(self, row: int, column: int) -> None:
        cell = self._cells[row, column]
        self.grid.set_cell(row, column, cell.input, self._limit(cell), self._ramp)

    def _paint_all(self) -> None:
        for row, column in self._cells:
            self._paint(row, column)

    def _limit(self, cell: Relevance) -> float:
        if self._shared.isChecked():
            return max(self._limit_of(each) for each in self._cells.values())
        return self._limit_of(cell)

    def _on_axes_changed(self) -> None:
        self._start()

    def _on_run_clicked(self) -> None:
        if self._running:
            self._stop()
        else:
            self.grid.set_axes(*self.grid.axes())
            self._start()

    def _on_shared_toggled(self) -> None:
        self._paint_all()

    def _on_cell_clicked(self, row: int, column: int) -> None:
        conv, linear = self.grid.axes()
        self.cell_chosen.emit(conv[row], linear[column])

    def _on_export_clicked(self) -> None:
        conv, linear = self.grid.axes()
        cells = sorted(self._cells)
        self.export_requested.emit(
            GridFigure(
                tuple(self._cells[cell] for cell in cells),
                tuple(f"conv {gamma:g}" for gamma in conv),
                tuple(f"linear {gamma:g}" for gamma in linear),
                tuple(f"{self._ratings[cell]:.2f}" if cell in self._ratings else "" for cell in cells)
                if self._ratings
                else (),
                self._shared.isChecked(),
                self._zoom.currentData(),
                self._transparent.isChecked(),
            )
        )

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(Space.SMALL)
        below.addWidget(self._run)
        below.addWidget(self._shared)
        below.addStretch(1)
        for widget in (self._zoom, self._transparent, self._export):
            below.addWidget(widget)
        column = QVBoxLayout(self)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._about)
        column.addWidget(self.grid, 1)
        column.addWidget(self._state)
        column.addLayout(below)


_HELP = (
    "Click a pair to take its values. The number under it says how much faster the target's value falls when the most "
    "relevant patches are taken away first than when they are last: larger is better, and the best is framed."
)
