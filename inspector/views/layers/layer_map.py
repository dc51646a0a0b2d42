"""Relevance at every layer: layer by token, with the sum of each layer beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from engine.protocol.looks import Ramp
from inspector.look.accessible_items import tell_current
from inspector.look.numbers import grouped, signed
from inspector.look.visible_text import visible
from inspector.views.layers.layer_axes import LayerAxis
from inspector.views.layers.layer_plots import Layers, Place
from inspector.views.layers.lens_plots import LensColumn
from inspector.views.layers.plot_view import PlotView

_EMPTY = "The relevance at each layer appears here."


class LayerMap(PlotView):
    """Layers and their sums. A layer is None (the input, the word embeddings) or 0 to L; its row is its number + 1."""

    layer_clicked = Signal(object)  # int | None
    token_clicked = Signal(int)
    opened = Signal()  # the block that the layer under the cursor enters
    cell_hovered = Signal(object, int)  # layer, token; token -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_EMPTY, LayerAxis(), "layer × token", parent)
        self._row = 0
        self._token: int | None = None
        self._lens: LensColumn | None = None
        self.setAccessibleName("Relevance at each layer")
        self._show_cursor()

    def show_layers(
        self,
        layers: np.ndarray,
        input: np.ndarray,
        value: float,
        limits: np.ndarray,
        ramp: Ramp,
        labels: Sequence[str],
    ) -> None:
        """Draw `input` (token,) below `layers` (layer + 1, token), in logits.

        `limits` (layer + 2,) is where the colours of each row end, the input's first. `value` is the target's, marked
        beside the sums. `labels` (token,) are what the tokens are called.
        """
        rows = np.concatenate((np.asarray(input)[None], np.asarray(layers)))
        self._layers = Layers(rows, value, np.asarray(limits), ramp, [visible(label) for label in labels])
        self._labels = labels
        self._plots.show_layers(self._layers)
        self._row = min(self._row, len(rows) - 1)
        self._show_cursor()

    def show_lens(self, lens: LensColumn | None) -> None:
        """Draw what is likeliest after each layer beside the map, or leave it out."""
        self._lens = lens
        self._plots.show_lens(lens)

    def set_lens_stale(self, stale: bool) -> None:
        """Mark the lens as that of an earlier question."""
        self._plots.set_lens_stale(stale)

    def set_layer(self, layer: int | None) -> None:
        """Put the cursor on a layer."""
        row = 0 if layer is None else layer + 1
        if row != self._row:
            self._row = row
            self._show_cursor()

    def set_token(self, token: int) -> None:
        """Put the cursor on a token; -1 takes it away."""
        chosen = None if token < 0 else token
        if chosen != self._token:
            self._token = chosen
            self._show_cursor()

    def clear(self) -> None:
        super().clear()
        self._show_cursor()

    def image(self) -> QImage:
        """The map as it is seen but for cursor and pointer, two pixels to a point. Null where nothing is shown."""
        if self._layers is None:
            return QImage()
        image = QImage(self._plots.size() * 2, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(2)
        self._plots.show_cursor(None, None)
        self._plots.point_at(None)
        painter = QPainter(image)
        self._plots.render(painter, QRectF(self._plots.rect()), self._plots.viewport().rect())
        painter.end()
        self._show_cursor()
        return image

    def layer(self) -> int | None:
        """The layer under the cursor."""
        return _layer_of(self._row)

    def cell_rect(self, layer: int | None, token: int) -> QRect:
        """Where a cell is on this widget."""
        return self._cell_rect(0 if layer is None else layer + 1, token)

    def item_texts(self, item: int) -> tuple[str, str, str]:
        title, value, about = super().item_texts(item)
        return f"{title} at {_name(item // self._columns())}", value, about

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._layers is None:
            super().keyPressEvent(event)
            return
        top = len(self._layers.rows) - 1
        match event.key():
            case Qt.Key.Key_Right | Qt.Key.Key_Up:
                self._choose(min(self._row + 1, top))
            case Qt.Key.Key_Left | Qt.Key.Key_Down:
                self._choose(max(self._row - 1, 0))
            case Qt.Key.Key_0:
                self._plots.show_all_tokens()
            case Qt.Key.Key_Home:
                self._choose(0)
            case Qt.Key.Key_End:
                self._choose(top)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.opened.emit()
            case _:
                super().keyPressEvent(event)

    def _choose(self, row: int) -> None:
        if row != self._row:
            self._row = row
            self._show_cursor()
            tell_current(self)
            self.layer_clicked.emit(_layer_of(row))

    def _on_clicked(self, place: Place) -> None:
        super()._on_clicked(place)
        self._choose(place.row)
        if place.token is not None and place.token != self._token:
            self.set_token(place.token)
            self.token_clicked.emit(place.token)

    def _on_hovered(self, place: Place | None) -> None:
        super()._on_hovered(place)
        if place is None or self._layers is None:
            self.cell_hovered.emit(None, -1)
        else:
            self.cell_hovered.emit(_layer_of(place.row), -1 if place.token is None else place.token)

    def _facts(self, layers: Layers, place: Place) -> tuple[str, list[tuple[str, str]]]:
        if place.is_of_lens and self._lens is not None:
            rank = ("rank of the target", grouped(self._lens.ranks[place.row]))
            return f"if {_name(place.row)} were the last", [*self._lens.facts[place.row], rank]
        row = layers.rows[place.row]
        total = ("sum of the layer", f"{signed(float(row.sum(dtype=np.float64)))} logits")
        if place.token is None:
            return _name(place.row), [total, ("target", f"{signed(layers.value or 0.0)} logits")]
        label = self._labels[place.token] if place.token < len(self._labels) else ""
        return f"“{visible(label)}”", [
            ("relevance", f"{signed(float(row[place.token]))} logits"),
            ("at", _name(place.row)),
            ("position", grouped(place.token)),
            total,
        ]

    def _show_cursor(self) -> None:
        shown = self._layers is not None
        self._plots.show_cursor(self._row if shown else None, self._token if shown else None)
        if self._layers is None:
            self.setAccessibleDescription(_EMPTY)
        else:
            is_known = self._token is not None and self._token < self._layers.rows.shape[1]
            place = Place(self._row, self._token if is_known else None)
            self.setAccessibleDescription(self._sentence(self._layers, place))


def _layer_of(row: int) -> int | None:
    return row - 1 if row else None


def _name(row: int) -> str:
    return f"layer {row - 1}" if row else "the input"
