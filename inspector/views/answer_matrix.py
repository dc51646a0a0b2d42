"""The matrix of a generated text: a row for each generated token, a column for each token before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCursor, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspector.theme import tones
from inspector.views.card import Card
from inspector.views.layer_axes import LabelAxis
from inspector.views.layer_plots import LayerPlots, Layers, Place
from inspector.views.numbers import grouped, signed
from inspector.views.visible_text import visible

_EMPTY = "Where each generated token came from appears here."


class AnswerMatrix(QWidget):
    """The first generated token is at the top; its row is clicked to explain it."""

    token_clicked = Signal(int)  # the position of a generated token

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: Layers | None = None
        self._labels: Sequence[str] = ()
        self._values = np.zeros(0)
        self._start = 0
        self._token = -1
        self._axis = LabelAxis()
        self._plots = LayerPlots(self, _EMPTY, self._axis, "generated")
        self._plots.hovered.connect(self._on_hovered)
        self._plots.clicked.connect(self._on_clicked)
        self._card = Card(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plots)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Relevance for each generated token")
        self.setAccessibleDescription(_EMPTY)

    def show_matrix(
        self,
        rows: np.ndarray,
        values: np.ndarray,
        start: int,
        limits: np.ndarray,
        colour_map: str,
        labels: Sequence[str],
    ) -> None:
        """Draw `rows` (generated token, token), in logits; `start` is the position of the first generated token.

        `values` and `limits` (generated token,) are the logits, and where each row's colours end. `labels` (token,)
        are what the tokens are called.
        """
        self._layers = Layers(rows[::-1], None, limits[::-1], colour_map)
        self._labels, self._values, self._start = labels, values, start
        self._axis.labels = [visible(label) for label in labels[start : start + len(rows)]][::-1]
        self._plots.show_layers(self._layers)
        self.set_token(self._token)

    def set_token(self, token: int) -> None:
        """Frame the row of the generated token at position `token`; of any other, none."""
        self._token = token
        shown = self._layers is not None and 0 <= token - self._start < len(self._values)
        self._plots.show_cursor(self._row_of(token) if shown else None, None)
        self.setAccessibleDescription(f"“{visible(self._labels[token])}”" if shown else _EMPTY)

    def set_stale(self, stale: bool) -> None:
        """Mark what is shown as the answer to an earlier question."""
        self._plots.set_stale(stale)

    def clear(self) -> None:
        self._layers = None
        self._labels, self._values = (), np.zeros(0)
        self._plots.clear_layers()
        self._card.hide()
        self.set_token(-1)

    def row_rect(self, token: int) -> QRect:
        """Where the first cell of a generated token's row is on this widget."""
        area = self._plots.cell_rect(self._row_of(token), 0).toAlignedRect()
        return QRect(self._plots.mapTo(self, area.topLeft()), area.size())

    def sizeHint(self) -> QSize:
        return QSize(720, 260)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self._plots.dress(tones(self.palette()), self.font())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1}.get(
            Qt.Key(event.key())
        )
        if step is None or self._layers is None:
            super().keyPressEvent(event)
            return
        last = self._start + len(self._values) - 1
        self._choose(min(max(self._token + step, self._start), last))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._plots.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._plots.viewport().update()
        self._card.hide()

    def _row_of(self, token: int) -> int:
        """Rows are counted from below."""
        return len(self._values) - 1 - (token - self._start)

    def _choose(self, token: int) -> None:
        if token != self._token:
            self.set_token(token)
            self.token_clicked.emit(token)

    def _on_clicked(self, place: Place) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._choose(self._start + len(self._values) - 1 - place.row)

    def _on_hovered(self, place: Place | None) -> None:
        if place is None or self._layers is None:
            self._card.hide()
            return
        token = self._start + len(self._values) - 1 - place.row
        row = self._layers.rows[place.row]
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
        self._card.show_near(QRect(QCursor.pos() + QPoint(12, 4), QSize(1, 12)), title, facts)
