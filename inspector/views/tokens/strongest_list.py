"""The tokens with most relevance, to be gone to: as many as there is room for, the others together, and the sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout, QWidget

from engine.protocol.looks import Ramp, Unit
from engine.protocol.values import Token
from engine.reading.units import Units
from inspector.look.labels import heading_label, plain_label
from inspector.look.naming import named
from inspector.look.overlays import paint_focus
from inspector.look.theme import Space, tones
from inspector.views.tokens.strongest_painter import Places, StrongestPainter
from inspector.views.tokens.strongest_rows import LOGITS, RANK, SHARE, TOKEN, Ranking, StrongestRows

_FEWEST = 5  # listed, however little room there is
_ROW = 24  # points
_TITLES: dict[Unit, str] = {"token": "tokens", "word": "words", "line": "lines", "sentence": "sentences"}


class StrongestList(QWidget):
    """A table under a heading; a row that is chosen is where the cursor goes."""

    chosen = Signal(int)  # the token
    hovered = Signal(int)  # the token; -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = StrongestRows()
        self._current = -1  # the token under the cursor
        self._title = heading_label("Strongest tokens")
        self._key = named("key", plain_label("N"))
        self._key.setToolTip("N goes to the next, Shift+N to the one before, while the tokens have the focus")
        self._table = _Table(self._rows, self)
        self._table.dress_header()
        self._table.resized.connect(self._fill)
        self._table.selectionModel().selectionChanged.connect(self._on_selected)  # focus alone moves the current row
        self._table.clicked.connect(self._on_clicked)
        self._table.entered.connect(lambda index: self.hovered.emit(self._token_at(index.row())))
        self._table.left.connect(lambda: self.hovered.emit(-1))
        heading = QHBoxLayout()
        heading.addWidget(self._title, 1)
        heading.addWidget(self._key)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        column.setSpacing(Space.TIGHT)
        column.addLayout(heading)
        column.addWidget(self._table, 1)

    def show_relevance(
        self,
        tokens: Sequence[Token],
        units: Units,
        values: np.ndarray,
        limit: float,
        ramp: Ramp,
        unit: Unit = "token",
        of: str = "",
    ) -> None:
        """Rank `values` (unit,), in logits, of what the tokens are merged to; their colours end at ± `limit`.

        `of` names the text that they are in, where there is another.
        """
        self._title.setText(f"Strongest {_TITLES[unit]}{f' of the {of}' if of else ''}")
        self._table.setAccessibleName(self._title.text())
        self._renew(Ranking(tokens, units, np.asarray(values), limit, ramp, unit))

    def set_current(self, token: int) -> None:
        """Choose the row of the token under the cursor; none where it has none, or for -1."""
        self._current = token
        row = self._rows.row_of_token(token)
        before = [index.row() for index in self._table.selectionModel().selectedRows()]
        if before == ([] if row is None else [row]):
            return
        self._table.viewport().update()
        with QSignalBlocker(self._table.selectionModel()):
            if row is None:
                self._table.selectionModel().clear()
            else:
                self._table.selectRow(row)

    def point_at(self, token: int) -> None:
        """Mark the row of a token that is under the pointer; -1 takes the mark away."""
        row = self._rows.row_of_token(token)
        if row != self._rows.pointed:
            self._rows.pointed = row
            self._table.viewport().update()

    def set_stale(self, stale: bool) -> None:
        """Mark the rows as those of an earlier question."""
        if stale != self._rows.stale:
            self._rows.stale = stale
            self._table.setAccessibleDescription("stale" if stale else "")
            self._table.viewport().update()

    def clear(self) -> None:
        self._renew(None)

    def texts(self) -> list[tuple[str, ...]]:
        """What the cells of each row say."""
        columns = range(self._rows.columnCount())
        return [tuple(self._rows.text(row, column) for column in columns) for row in range(self._rows.rowCount())]

    def minimumSizeHint(self) -> QSize:
        heading = self._title.sizeHint().height() + self._table.horizontalHeader().sizeHint().height()
        return QSize(200, heading + (_FEWEST + 2) * _ROW + 2 * Space.SMALL + Space.TIGHT + 2)

    def sizeHint(self) -> QSize:
        return QSize(280, self.minimumSizeHint().height() + 5 * _ROW)

    def _renew(self, ranking: Ranking | None) -> None:
        with QSignalBlocker(self._table.selectionModel()):
            self._rows.show(ranking)
        self._table.fit(self._rows)
        self.set_current(self._current if ranking is not None and self._current < len(ranking.tokens) else -1)

    def _fill(self) -> None:
        """Have as many rows as there is room for."""
        rows = max(self._table.viewport().height() // _ROW, _FEWEST + 2)
        with QSignalBlocker(self._table.selectionModel()):
            self._rows.set_room(rows)
        self.set_current(self._current)

    def _on_selected(self) -> None:
        for index in self._table.selectionModel().selectedRows():
            self.chosen.emit(self._token_at(index.row()))

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._current >= 0 and self._rows.row_of_token(self._current) == index.row():
            self.chosen.emit(self._token_at(index.row()))  # chosen already, and perhaps out of sight

    def _token_at(self, row: int) -> int:
        """The last token of what the row is about: what follows it is explained there."""
        unit = self._rows.unit_at(row)
        return -1 if unit is None or self._rows.ranking is None else self._rows.ranking.units.range_of(unit)[-1]


class _Table(QTableView):
    resized = Signal()
    left = Signal()  # by the pointer, for where there is no row too

    def __init__(self, rows: StrongestRows, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModel(rows)
        self._painter = StrongestPainter(rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.viewportEntered.connect(self.left)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setAccessibleName("Strongest tokens")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(_ROW)
        self.verticalHeader().setDefaultSectionSize(_ROW)

    def dress_header(self) -> None:
        """Give the token the room that the numbers leave."""
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(20)
        for column in (RANK, LOGITS, SHARE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(TOKEN, QHeaderView.ResizeMode.Stretch)

    def fit(self, rows: StrongestRows) -> None:
        """Make room for the widest number; Qt would ask for every cell."""
        metrics, header = self.fontMetrics(), self.horizontalHeader()
        last = rows.rowCount() - 1
        for column, least in ((RANK, "99"), (LOGITS, "+00.00"), (SHARE, "−99 %")):
            texts = [least, *(rows.text(row, column) for row in {0, last - 1, last} if row >= 0)]
            heading = str(rows.headerData(column, Qt.Orientation.Horizontal))
            widest = max(metrics.horizontalAdvance(text) for text in (*texts, heading)) + 3 * Space.TIGHT
            if widest != header.sectionSize(column):
                header.resizeSection(column, widest)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.left.emit()
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, model = QPainter(self.viewport()), self.model()
        tops = {row: self.rowViewportPosition(row) for row in range(model.rowCount())}
        seen = range(-_ROW + 1, self.viewport().height())
        places = Places(
            {row: (top, self.rowHeight(row)) for row, top in tops.items() if top in seen},
            tuple((self.columnViewportPosition(at), self.columnWidth(at)) for at in (RANK, TOKEN, LOGITS, SHARE)),
        )
        selected = {index.row() for index in self.selectionModel().selectedRows()}
        self._painter.paint(painter, places, selected, self.font(), tones(self.palette()))
        if self.hasFocus():
            painter.setOpacity(1)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            paint_focus(painter, self.viewport().rect(), tones(self.palette()))
