"""Every pair of two lists of gammas, each as a small heatmap, to choose from."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from engine.protocol.looks import Ramp
from inspector.look.naming import named
from inspector.look.theme import Space, tones
from inspector.views.gammas.gamma_list import read_gammas, write_gammas
from inspector.views.pictures.heatmap_table import HeatmapTable

Gammas = tuple[float, ...]


class ExploreGrid(QWidget):
    """A grid with gammas of convolutions as rows and of linear layers as columns; "…" where no answer is there yet."""

    cell_clicked = Signal(int, int)
    axes_changed = Signal(object, object)  # tuple[float, ...] of conv and of linear; by the person

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes: tuple[Gammas, Gammas] = ((), ())
        self._conv, self._linear = named("conv_gammas", QLineEdit(self)), named("linear_gammas", QLineEdit(self))
        self._problem = named("gammas_problem", QLabel(self))
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        self._problem.hide()
        self._table = HeatmapTable()
        self._table.cell_clicked.connect(self.cell_clicked)
        self._table.current_changed.connect(self._on_current_changed)
        self._area = QScrollArea(self)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._table)
        for field in (self._conv, self._linear):
            field.setPlaceholderText("0, 0.05, 0.25")
            field.editingFinished.connect(self._on_axes_entered)
            field.textEdited.connect(self._problem.hide)
        self._lay_out()
        self._dress()

    def set_axes(self, conv: Gammas, linear: Gammas) -> None:
        """Begin a table of these gammas, and say nothing: every cell waits."""
        self._axes = (conv, linear)
        self._conv.setText(write_gammas(conv))
        self._linear.setText(write_gammas(linear))
        self._problem.hide()
        self._table.set_labels([f"{gamma:g}" for gamma in conv], [f"{gamma:g}" for gamma in linear])

    def axes(self) -> tuple[Gammas, Gammas]:
        """The gammas of the table, of convolutions and of linear layers."""
        return self._axes

    def set_cell(self, row: int, column: int, relevance: np.ndarray, limit: float, ramp: Ramp) -> None:
        """Show `relevance` (height, width), in logits, in colours that end at ± `limit`."""
        self._table.set_heatmap(row, column, relevance, limit, ramp)

    def set_rating(self, row: int, column: int, rating: float) -> None:
        """Write how well a cell was rated below it."""
        self._table.set_rating(row, column, rating)

    def mark_best(self, row: int, column: int) -> None:
        """Frame one cell, and no other."""
        self._table.mark_best(row, column)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _on_axes_entered(self) -> None:
        axes = []
        for name, field in (("Conv", self._conv), ("Linear", self._linear)):
            try:
                axes.append(read_gammas(field.text()))
            except ValueError as problem:
                self._problem.setText(f"{name} γ: {problem}")
                self._problem.show()
                return
        conv, linear = axes
        if (conv, linear) != self._axes:
            self.set_axes(conv, linear)
            self.axes_changed.emit(conv, linear)

    def _on_current_changed(self, cell: QRect) -> None:
        centre = cell.center()
        self._area.ensureVisible(centre.x(), centre.y(), cell.width() // 2 + 1, cell.height() // 2 + 1)

    def _dress(self) -> None:
        palette = self._problem.palette()
        colour = tones(self.palette()).error
        if palette.color(QPalette.ColorRole.WindowText).name() != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self._problem.setPalette(palette)

    def _lay_out(self) -> None:
        fields = QFormLayout()
        fields.setHorizontalSpacing(Space.SMALL)
        fields.setVerticalSpacing(Space.TIGHT)
        for title, field in (("Conv γ (rows)", self._conv), ("Linear γ (columns)", self._linear)):
            label = QLabel(title, self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setBuddy(field)
            field.setAccessibleName(title)
            fields.addRow(label, field)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        column.setSpacing(Space.SMALL)
        column.addLayout(fields)
        column.addWidget(self._problem)
        column.addWidget(self._area, 1)
