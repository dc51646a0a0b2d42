"""A table of rows that are read, walked and chosen, painted as all tables of parts are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from inspector.look.labels import bold
from inspector.look.overlays import paint_focus
from inspector.look.theme import Space, tones

ROW = 24  # pixels
STALE = 0.4  # of the opacity of what is to an earlier question
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

Index = QModelIndex | QPersistentModelIndex


class RowsTable(QTableView):
    """A row is chosen by a person alone: the focus moves the current row and chooses nothing."""

    row_chosen = Signal(int)  # of the model that is on show
    row_activated = Signal(int)  # by Enter or a double click

    def __init__(self, name: str, rows: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(rows)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(ROW)
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._is_silent = False
        self.selectionModel().selectionChanged.connect(self._on_selected)
        self.activated.connect(lambda index: self.row_activated.emit(index.row()))

    def choose(self, row: int | None) -> None:
        """Show that a row is chosen, or none; this is silent."""
        chosen = [index.row() for index in self.selectionModel().selectedRows()]
        if chosen == ([] if row is None else [row]):
            return
        self._is_silent = True
        if row is None:
            self.selectionModel().clearSelection()
        else:
            index = self.model().index(row, 0)
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(index, flags)
        self._is_silent = False

    def set_stale(self, stale: bool) -> None:
        """Show that this is of an earlier question."""
        self.setAccessibleDescription("stale" if stale else "")

    def fit(self) -> None:
        """Make room for what is shown."""
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self.fit()

    def fit_column(self, column: int, texts: Sequence[str]) -> None:
        """Make a column as wide as the widest of `texts` in bold."""
        metrics = QFontMetrics(bold(self.font()))
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0) + 2 * Space.SMALL
        if widest != self.horizontalHeader().sectionSize(column):
            self.horizontalHeader().resizeSection(column, widest)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            paint_focus(QPainter(self.viewport()), self.viewport().rect(), tones(self.palette()))

    def _on_selected(self) -> None:
        if not self._is_silent:
            for index in self.selectionModel().selectedRows():
                self.row_chosen.emit(index.row())
