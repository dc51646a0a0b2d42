"""The neurons with most relevance: sorted by a click on a heading, filtered by what is written."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.protocol.looks import Ramp
from inspector.look.elided_label import ElidedLabel
from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.views.inside.neuron_rows import (
    BAR,
    BLOCK,
    HEADINGS,
    LOGITS,
    LOWERS,
    MOST,
    NEURON,
    WORDS,
    NeuronDelegate,
    NeuronOrder,
    NeuronRow,
    NeuronRows,
)
from inspector.views.inside.rows_table import RowsTable

_BAR_WIDTH, _FIELD_WIDTH = 44, 128  # pixels
_LEAST_WORDS = 96  # pixels that words need: of these columns, what a neuron lowers gives way
_MOST_SHARE = 0.26  # of the room that numbers leave


class NeuronTable(QWidget):
    """A table over a line that says what it holds, and a field to filter it."""

    neuron_chosen = Signal(int, int)  # block, its number there

    def __init__(self, name: str, has_blocks: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = NeuronRows()
        self.order = NeuronOrder(self._rows)
        self.table = _Table(name, self._rows, self.order)
        delegate = NeuronDelegate(self._rows, self.order, self.table)
        delegate.first = BLOCK if has_blocks else NEURON
        self.table.setItemDelegate(delegate)
        self.table.setColumnHidden(BLOCK, not has_blocks)
        self.table.row_chosen.connect(self._on_chosen)
        self._footer = named("footer", ElidedLabel())
        self._footer.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.field = named("filter", QLineEdit())
        self.field.setPlaceholderText("filter ( / )")
        self.field.setToolTip("Words, a place, or a number such as 12.706")
        self.field.setAccessibleName("Filter neurons")
        self.field.setFixedWidth(_FIELD_WIDTH)
        self.field.textChanged.connect(self._on_filtered)
        self.field.installEventFilter(self)
        self._said = ""
        slash = QShortcut(QKeySequence("/"), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        slash.activated.connect(lambda: self.field.setFocus(Qt.FocusReason.ShortcutFocusReason))
        below = QHBoxLayout()
        below.setContentsMargins(Space.SMALL, 0, 0, 0)
        below.addWidget(self._footer, 1)
        below.addWidget(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.table, 1)
        column.addLayout(below)

    def show_neurons(self, rows: Sequence[NeuronRow], said: str, ramp: Ramp) -> None:
        """Show `rows`, the largest first; `said` is what they hold, in words."""
        self._rows.show(rows, ramp)
        self._said = said
        self.table.fit()
        self._on_filtered(self.field.text())

    def choose(self, neuron: tuple[int, int] | None) -> None:
        """Show that a neuron is chosen, none where it has no row; this is silent."""
        numbers = [(row.block, row.number) for row in self._rows.rows]
        source = numbers.index(neuron) if neuron in numbers else None
        place = None if source is None else self.order.mapFromSource(self._rows.index(source, 0))
        self.table.choose(place.row() if place is not None and place.isValid() else None)

    def set_stale(self, stale: bool) -> None:
        """Show that this is of an earlier question."""
        self._rows.stale = stale
        self.table.set_stale(stale)
        self.table.viewport().update()

    def texts(self) -> list[tuple[str, ...]]:
        """What the cells of each row say, as they stand."""
        sources = [self.order.mapToSource(self.order.index(row, 0)).row() for row in range(self.order.rowCount())]
        return [tuple(self._rows.text(source, column) for column in range(len(HEADINGS))) for source in sources]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape takes the filter away; Down and Enter go to what it has left."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.field.clear()
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return True
        return super().eventFilter(watched, event)

    def _on_filtered(self, text: str) -> None:
        self.order.seek(text)
        count = self.order.rowCount()
        none = f"No neuron of {len(self._rows.rows)} has “{text.strip()}”."
        some = self._said if not text.strip() else f"{count} of {len(self._rows.rows)} neurons"
        self._footer.setText(some if count or not text.strip() else none)

    def _on_chosen(self, row: int) -> None:
        neuron = self._rows.rows[self.order.mapToSource(self.order.index(row, 0)).row()]
        self.neuron_chosen.emit(neuron.block, neuron.number)


class _Table(RowsTable):
    def __init__(self, name: str, rows: NeuronRows, order: NeuronOrder) -> None:
        super().__init__(name, order)
        self._rows = rows
        header = self.horizontalHeader()
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)  # as the engine orders them
        self.setSortingEnabled(True)
        header.setStretchLastSection(True)
        self._worded: list[int] = []  # the columns that have words

    def fit(self) -> None:
        """Make room for the numbers, and share the rest among the words."""
        rows = self._rows
        for column in (BLOCK, NEURON, LOGITS):
            texts = [rows.text(row, column) for row in range(rows.rowCount())]
            self.fit_column(column, [f"{HEADINGS[column]}m", *texts])  # and the mark of what it is sorted by
        self.horizontalHeader().resizeSection(BAR, _BAR_WIDTH)
        self._worded = [column for column in WORDS if any(rows.text(row, column) for row in range(rows.rowCount()))]
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        header = self.horizontalHeader()
        numbers = (column for column in (BLOCK, NEURON, LOGITS, BAR) if not self.isColumnHidden(column))
        room = max(self.viewport().width() - sum(map(header.sectionSize, numbers)), 0)
        most = round(_MOST_SHARE * room)
        shown = list(self._worded)
        if shown and (room - most) // len(shown) < _LEAST_WORDS and LOWERS in shown:
            shown.remove(LOWERS)
        for column in WORDS:
            self.setColumnHidden(column, column not in shown)
        header.resizeSection(MOST, most)
        for column in shown:
            header.resizeSection(column, (room - most) // len(shown))
