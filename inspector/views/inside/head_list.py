"""The heads with most relevance, to be chosen: as many as there is room for, the others together, and the sum."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from engine.protocol.looks import Ramp
from inspector.look.overlays import paint_focus
from inspector.look.theme import Space, tones
from inspector.views.inside.head_facts import HeadFacts, Place
from inspector.views.inside.head_rows import HEAD, LOGITS, ORDERS, RANK, SHARE, TOKEN, HeadDelegate, HeadRows

_ROW, _TOKEN = 24, 76  # points of a row, and of a token that can be read
_LEAST = 268  # points wide
_FEWEST = 3  # listed, however little room there is


class HeadList(QTableView):
    """A click on the heading "logits" goes from size to what speaks for, to what speaks against, and back."""

    chosen = Signal(int, int)  # block, head
    hovered = Signal(int)  # the token that the head under the pointer gave most; -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = HeadRows()
        self._current: Place | None = None
        self.setModel(self.rows)
        self.setItemDelegate(HeadDelegate(self.rows, self))
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Strongest heads")
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(_ROW)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(16)
        for column in (RANK, HEAD, LOGITS, SHARE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_heading_clicked)
        self.selectionModel().selectionChanged.connect(self._on_selected)
        self.entered.connect(self._on_entered)
        self.viewportEntered.connect(lambda: self.hovered.emit(-1))

    def show_heads(self, facts: HeadFacts, limit: float, ramp: Ramp, target: float) -> None:
        """Rank every head; colours end at ± `limit` logits, and shares are of the `target`'s value."""
        self._renew(lambda: self.rows.show(facts, limit, ramp, target))
        self._fit()
        self._show_columns()

    def set_current(self, place: Place | None) -> None:
        """Choose the row of a head; none where it has none."""
        self._current = place
        row = self.rows.row_of(place)
        with QSignalBlocker(self.selectionModel()):
            if row is None:
                self.selectionModel().clear()
            else:
                self.selectRow(row)
        self.viewport().update()

    def set_stale(self, stale: bool) -> None:
        """Mark the rows as those of an earlier question."""
        if stale != self.rows.stale:
            self.rows.stale = stale
            self.setAccessibleDescription("stale" if stale else "")
            self.viewport().update()

    def clear(self) -> None:
        self._renew(lambda: self.rows.show(None))

    def texts(self) -> list[tuple[str, ...]]:
        """What the cells of each row say."""
        columns = range(self.rows.columnCount())
        return [tuple(self.rows.text(row, column) for column in columns) for row in range(self.rows.rowCount())]

    def sizeHint(self) -> QSize:
        return QSize(_LEAST + _TOKEN + Space.SMALL, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, self.horizontalHeader().sizeHint().height() + (_FEWEST + 2) * _ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = max(self.viewport().height() // _ROW, _FEWEST + 2)
        self._renew(lambda: self.rows.set_room(room))
        self._show_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isprintable() and event.text():
            event.ignore()  # what is typed jumps to a head, and is not searched for here
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(-1)
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            paint_focus(QPainter(self.viewport()), self.viewport().rect(), tones(self.palette()))

    def _renew(self, change: object) -> None:
        assert callable(change)
        with QSignalBlocker(self.selectionModel()):
            change()
        self.set_current(self._current)

    def _fit(self) -> None:
        """Make room for the widest number; Qt would ask for every cell."""
        metrics, header = self.fontMetrics(), self.horizontalHeader()
        last = self.rows.rowCount() - 1
        least = ((RANK, "99"), (HEAD, "99.99"), (LOGITS, "+00.00"), (SHARE, "−99 %"))
        for column, text in least:
            texts = [text, *(self.rows.text(row, column) for row in {0, last - 1, last} if row >= 0)]
            heading = str(self.rows.headerData(column, Qt.Orientation.Horizontal)) + (" ▾" if column == LOGITS else "")
            widest = max(metrics.horizontalAdvance(each) for each in (*texts, heading)) + 4 * Space.TIGHT
            header.resizeSection(column, widest)

    def _show_columns(self) -> None:
        """Leave out what has no room to be read: the token, then the share."""
        header, room = self.horizontalHeader(), self.viewport().width()
        numbers = sum(header.sectionSize(column) for column in (RANK, HEAD, LOGITS))
        share = self.fontMetrics().horizontalAdvance("of target") + 4 * Space.TIGHT
        self.setColumnHidden(SHARE, room < numbers + share)
        self.setColumnHidden(TOKEN, room < numbers + share + _TOKEN)

    def _on_heading_clicked(self, column: int) -> None:
        if column == LOGITS:
            orders = tuple(ORDERS)
            following = orders[(orders.index(self.rows.order) + 1) % len(orders)]
            self._renew(lambda: self.rows.set_order(following))
            self.horizontalHeader().viewport().update()

    def _on_entered(self, index: QModelIndex) -> None:
        place, facts = self.rows.place_at(index.row()), self.rows.facts
        self.hovered.emit(-1 if place is None or facts is None else facts.strongest(*place))

    def _on_selected(self) -> None:
        for index in self.selectionModel().selectedRows():
            place = self.rows.place_at(index.row())
            if place is not None and place != self._current:
                self._current = place
                self.chosen.emit(*place)
