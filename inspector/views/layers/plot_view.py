"""Layer plots as a part of the window: with the keys, the application's colours and font, and a card of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QCursor, QFocusEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspector.look.accessible_items import offer_items
from inspector.look.card import Card
from inspector.look.theme import tones
from inspector.views.layers.layer_axes import LabelAxis, LayerAxis
from inspector.views.layers.layer_plots import LayerPlots, Layers, Place
from inspector.views.layers.range_bar import THICKNESS, RangeBar

_DRESSING = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange)


class PlotView(QWidget):
    """Plots with keys and a card; `layer_map` and `answer_matrix` decide the rows and the words of the card."""

    def __init__(
        self, empty_text: str, rows: LayerAxis | LabelAxis, map_title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._layers: Layers | None = None
        self._labels: Sequence[str] = ()  # of the tokens
        self._plots = LayerPlots(self, empty_text, rows, map_title)
        self._plots.hovered.connect(self._on_hovered)
        self._plots.passed_by.connect(self._on_passed_by)
        self._plots.clicked.connect(self._on_clicked)
        self._card = Card(self)
        self._range = RangeBar(self._plots)
        self._range.moved.connect(self._plots.show_tokens_from)
        self._plots.view_changed.connect(self._show_range)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plots)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        offer_items(self, self)

    def set_stale(self, stale: bool) -> None:
        """Mark what is shown as the answer to an earlier question."""
        self._plots.set_stale(stale)

    def clear(self) -> None:
        self._layers = None
        self._labels = ()
        self._plots.clear_layers()
        self._card.hide()

    def point_at(self, column: int) -> None:
        """Mark a column, as if the pointer were on its token; -1 takes the mark away."""
        self._plots.point_at(column if 0 <= column < self._columns() else None)

    def sizeHint(self) -> QSize:
        return QSize(720, 260)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _DRESSING:
            self._plots.dress(tones(self.palette()), self.font())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._plots.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._plots.viewport().update()
        self._card.hide()

    # -- items for screen readers: cell by cell, row by row, the lowest row first -------------------------------------

    def item_count(self) -> int:
        return 0 if self._layers is None else self._layers.rows.size

    def current_item(self) -> int:
        row, token = self._plots.cursor
        return -1 if row is None or token is None or self._layers is None else row * self._columns() + token

    def item_at(self, point: QPoint) -> int:
        place = self._plots.place_at(self._plots.mapFrom(self, point))
        return -1 if place is None or place.token is None else place.row * self._columns() + place.token

    def item_rect(self, item: int) -> QRect:
        return self._cell_rect(*divmod(item, self._columns()))

    def item_texts(self, item: int) -> tuple[str, str, str]:
        assert self._layers is not None
        title, ((_, value), *rest) = self._facts(self._layers, Place(*divmod(item, self._columns())))
        return title, value, ", ".join(f"{name} {said}" for name, said in rest)

    def _columns(self) -> int:
        return 0 if self._layers is None else self._layers.rows.shape[1]

    def _cell_rect(self, row: int, token: int) -> QRect:
        """Where a cell is on this widget."""
        area = self._plots.cell_rect(row, token).toAlignedRect()
        return QRect(self._plots.mapTo(self, area.topLeft()), area.size())

    def _facts(self, layers: Layers, place: Place) -> tuple[str, list[tuple[str, str]]]:
        """The card's title and rows."""
        raise NotImplementedError

    def _sentence(self, layers: Layers, place: Place) -> str:
        """The card in one line, for a screen reader."""
        title, rows = self._facts(layers, place)
        return ", ".join([title, *(f"{name} {value}" for name, value in rows)])

    def _show_range(self) -> None:
        """Show what is in view of the tokens, just below them."""
        area = self._plots.map_area
        self._range.setGeometry(area.left(), self._plots.height() - THICKNESS, area.width(), THICKNESS)
        self._range.show_range(*self._plots.tokens_in_view, self._columns())

    def _on_clicked(self, place: Place) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def _on_passed_by(self, place: Place | None) -> None:
        """Keep the card, where it is open, to what is under the pointer now."""
        if self._card.isVisible():
            self._on_hovered(place)

    def _on_hovered(self, place: Place | None) -> None:
        if place is None or self._layers is None:
            self._card.hide()
            return
        pointer = QRect(QCursor.pos() + QPoint(12, 4), QSize(1, 12))
        self._card.show_near(pointer, *self._facts(self._layers, place))
