"""The matrix of a generated text: a row for each generated token, a column for each token before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from engine.protocol.looks import Ramp
from inspector.look.numbers import grouped, signed
from inspector.look.visible_text import visible
from inspector.views.layers.layer_axes import LabelAxis
from inspector.views.layers.layer_plots import Layers, Place
from inspector.views.layers.plot_view import PlotView

_EMPTY = "Where each generated token came from appears here."


class AnswerMatrix(PlotView):
    """Shows the matrix, first generated token at the top; a click on a row asks to explain its token."""

    token_clicked = Signal(int)  # the position of a generated token

    def __init__(self, parent: QWidget | None = None) -> None:
        axis = LabelAxis()
        super().__init__(_EMPTY, axis, "generated token × token before it", parent)
        self._axis = axis
        self._values = np.zeros(0)
        self._start = 0
        self._token = -1
        self.setAccessibleName("Relevance for each generated token")
        self.setAccessibleDescription(_EMPTY)

    def show_matrix(
        self,
        rows: np.ndarray,
        values: np.ndarray,
        start: int,
        limits: np.ndarray,
        ramp: Ramp,
        labels: Sequence[str],
    ) -> None:
        """Draw `rows` (generated token, token), in logits; `start` is the position of the first generated token.

        `values` and `limits` (generated token,) are the logits, and where each row's colours end. `labels` (token,)
        are what the tokens are called.
        """
        self._layers = Layers(rows[::-1], None, limits[::-1], ramp, [visible(label) for label in labels])
        self._labels, self._values, self._start = labels, values, start
        self._axis.labels = [visible(label) for label in labels[start : start + len(rows)]][::-1]
        self._plots.show_layers(self._layers)
        self.set_token(self._token)

    def set_token(self, token: int) -> None:
        """Frame the row of the generated token at position `token`; of any other, none."""
        self._token = token
        shown = self._layers is not None and 0 <= token - self._start < len(self._values)
        self._plots.show_cursor(self._row_of(token) if shown else None, None)
        if self._layers is not None and shown:
            self.setAccessibleDescription(self._sentence(self._layers, Place(self._row_of(token), None)))
        else:
            self.setAccessibleDescription(_EMPTY)

    def clear(self) -> None:
        super().clear()
        self._values = np.zeros(0)
        self.set_token(-1)

    def row_rect(self, token: int) -> QRect:
        """Where the first cell of a generated token's row is on this widget."""
        return self._cell_rect(self._row_of(token), 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1}.get(
            Qt.Key(event.key())
        )
        if step is None or self._layers is None:
            super().keyPressEvent(event)
            return
        last = self._start + len(self._values) - 1
        self._choose(min(max(self._token + step, self._start), last))

    def _row_of(self, token: int) -> int:
        """Rows are counted from below."""
        return self._start + len(self._values) - 1 - token

    def _token_of(self, row: int) -> int:
        return self._start + len(self._values) - 1 - row

    def _choose(self, token: int) -> None:
        if token != self._token:
            self.set_token(token)
            self.token_clicked.emit(token)

    def _on_clicked(self, place: Place) -> None:
        super()._on_clicked(place)
        self._choose(self._token_of(place.row))

    def _facts(self, layers: Layers, place: Place) -> tuple[str, list[tuple[str, str]]]:
        token = self._token_of(place.row)
        row = layers.rows[place.row]
        facts = [
            ("logit", signed(float(self._values[token - self._start]))),
            ("sum of relevance", f"{signed(float(row.sum(dtype=np.float64)))} logits"),
        ]
        title = f"“{visible(self._labels[token])}”"
        if place.token is not None:
            title = f"“{visible(self._labels[place.token])}” for {title}"
            facts = [
                ("relevance", f"{signed(float(row[place.token]))} logits"),
                ("position", grouped(place.token)),
                *facts,
            ]
        return title, facts
