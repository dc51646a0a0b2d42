"""One head from query to key: the strongest of both with numbers in colour, the others together, and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.protocol.looks import Ramp
from engine.reading.colours import FAINTEST, coloured, inks, places_on
from inspector.look.labels import bold, smaller
from inspector.look.overlays import paint_focus
from inspector.look.theme import Space, tones
from inspector.views.inside.matrix_cells import NOTHING, Index, MatrixCells, Side
from inspector.views.inside.matrix_strongest import strongest_of

_ROW, _LEAST, _HEADER, _SIDE = 24, 36, 36, 88  # points
_FEWEST, _MOST = 3, 16  # queries or keys
_STALE = 0.4  # of the opacity
_FRAME = 2


@dataclass(frozen=True, eq=False)
class Matrix:
    """What is shown: the queries and keys are the strongest `by` relevance; `values` is that, or attention weights.

    `labels` and `places` name each token, or each group of tokens where the matrix is `pooled`, whose cells are no
    parts of a whole.
    """

    by: np.ndarray
    values: np.ndarray
    labels: Sequence[str]
    places: Sequence[str]
    asked: int | None
    ramp: Ramp
    are_weights: bool = False
    pooled: bool = False


class HeadMatrix(QTableView):
    """As many queries and keys as there is room for."""

    token_chosen = Signal(int)  # the key of a cell, by its number in the matrix
    token_hovered = Signal(int)  # -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = MatrixCells()
        self.matrix: Matrix | None = None
        self.limit = 1.0
        self.stale = False
        self.pointed = -1  # the token that is under the pointer elsewhere
        self.setModel(self.cells)
        self.setItemDelegate(_Delegate(self))
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("From query to key")
        self.setHorizontalHeader(_Keys(self))
        self.setVerticalHeader(_Queries(self))
        self.setCornerButtonEnabled(False)
        self.clicked.connect(self._on_chosen)
        self.activated.connect(self._on_chosen)
        self.entered.connect(lambda index: self.token_hovered.emit(self.cells.columns[index.column()].number))
        self.viewportEntered.connect(lambda: self.token_hovered.emit(-1))

    def show_matrix(self, matrix: Matrix) -> None:
        """Show the strongest queries and keys of a head."""
        self.matrix = matrix
        self._fill()

    def point_at(self, token: int) -> None:
        """Mark the names of a token's row and column; -1: none."""
        if token != self.pointed:
            self.pointed = token
            for header in (self.horizontalHeader(), self.verticalHeader()):
                header.viewport().update()

    def set_stale(self, stale: bool) -> None:
        """Mark the cells as those of an earlier question."""
        if stale != self.stale:
            self.stale = stale
            self.setAccessibleDescription("stale" if stale else "")
            self.viewport().update()

    def clear(self) -> None:
        self.matrix = None
        self.cells.show(None)

    def side_width(self) -> int:
        """What the names of the queries take."""
        return self.verticalHeader().width()

    def sizeHint(self) -> QSize:
        return QSize(_SIDE + 7 * self._column(), _HEADER + 9 * _ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isprintable() and event.text():
            event.ignore()  # letters are not searched for here
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.token_hovered.emit(-1)
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, t = QPainter(self.viewport()), tones(self.palette())
        numbers = [side.number for side in self.cells.rows]
        if self.matrix is not None and self.matrix.asked in numbers and self.cells.columns:
            last = max(at for at, side in enumerate(self.cells.columns) if not side.is_sum)
            row = numbers.index(self.matrix.asked)
            area = self._cell(row, 0).united(self._cell(row, last))
            painter.setPen(QPen(QColor(t.accent), _FRAME))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 3, 3)
        if self.hasFocus():
            paint_focus(painter, self.viewport().rect(), t)

    def _cell(self, row: int, column: int) -> QRect:
        return self.visualRect(self.cells.index(row, column))

    def _fill(self) -> None:
        if self.matrix is None:
            return
        of_rows = not self.matrix.pooled
        of_columns = of_rows and not self.matrix.are_weights  # each query's weights are shares by themselves
        rows = (self.height() - _HEADER - Space.TIGHT) // _ROW - 2
        columns = (self.width() - _SIDE - Space.TIGHT) // self._column() - 2
        rows, columns = (min(max(count, _FEWEST), _MOST) for count in (rows, columns))
        found = strongest_of(self.matrix.by, self.matrix.asked, rows, columns, self.matrix.values)
        self.limit = float(np.abs(found.cells[:-1, :-1]).max(initial=0.0)) or 1.0
        self.cells.show(found, self.matrix.labels, self.matrix.places, of_rows, of_columns)

    def _column(self) -> int:
        """The width of a column, in which numbers below a hundred have room."""
        width = QFontMetrics(bold(smaller(self.font()))).horizontalAdvance("−00.00") + Space.TIGHT
        if width != self.horizontalHeader().defaultSectionSize():
            self.horizontalHeader().setDefaultSectionSize(width)
        return width

    def _on_chosen(self, index: QModelIndex) -> None:
        number = self.cells.columns[index.column()].number
        if number >= 0:
            self.token_chosen.emit(number)


class _Delegate(QStyledItemDelegate):
    """A number on its colour; attention weights, which are no relevance, on grey."""

    def __init__(self, view: HeadMatrix) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view, t = self._view, tones(option.palette)
        cells, row, column = view.cells, index.row(), index.column()
        if view.matrix is None:
            return
        painter.save()
        text, is_sum = cells.text(row, column), cells.is_sum(row, column)
        value, ink = cells.value(row, column), QColor(t.quiet if text == NOTHING else t.text)
        area = option.rect.adjusted(0, 0, -1, -1)
        painter.setOpacity(_STALE if view.stale else 1.0)
        if not is_sum:
            fill, ink = self._colours(value, ink)
            if fill is not None:
                painter.fillRect(area, fill)
        elif cells.rows[row].is_sum:
            painter.fillRect(QRect(area.left(), area.top(), option.rect.width(), 1), QColor(t.line))
        painter.setFont(bold(smaller(option.font)) if is_sum else smaller(option.font))
        painter.setPen(ink)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(t.accent), 1))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.restore()

    def _colours(self, value: float, ink: QColor) -> tuple[QColor | None, QColor]:
        """Of the cell, None where it is paper, and of the number in it."""
        view = self._view
        assert view.matrix is not None
        t = tones(view.palette())
        places = places_on(view.matrix.ramp, np.array([value]), view.limit)
        if abs(places[0]) < FAINTEST:
            return None, ink
        if view.matrix.are_weights:
            grey = QColor(t.edge)
            grey.setAlphaF(0.45 * float(abs(places[0])))
            return grey, QColor(t.text)
        chip = coloured(places, view.matrix.ramp, t.ground)
        return QColor(*chip[0].tolist()), QColor(*inks(chip, t.ground)[0].tolist())


class _Names(QHeaderView):
    """What the tokens are called, and where they stand."""

    def __init__(self, orientation: Qt.Orientation, view: HeadMatrix) -> None:
        super().__init__(orientation, view)
        self._view = view
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setSectionsClickable(False)
        self.setHighlightSections(False)

    def _begin(self, painter: QPainter, area: QRect, side: Side) -> None:
        t = tones(self._view.palette())
        painter.save()
        is_pointed = side.number >= 0 and side.number == self._view.pointed
        painter.fillRect(area, QColor(t.soft if is_pointed else t.base))
        painter.setFont(bold(smaller(self._view.font())) if side.is_sum else smaller(self._view.font()))

    def _write(self, painter: QPainter, area: QRect, side: Qt.AlignmentFlag, text: str, is_quiet: bool) -> None:
        t = tones(self._view.palette())
        painter.setPen(QColor(t.quiet if is_quiet else t.text))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, elided)


class _Keys(_Names):
    def __init__(self, view: HeadMatrix) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self.setMinimumSectionSize(_LEAST)
        self.setFixedHeight(_HEADER)

    def paintSection(self, painter: QPainter, rect: QRect, logical_index: int) -> None:
        side = self._view.cells.columns[logical_index]
        self._begin(painter, rect, side)
        upper, lower = QRect(rect), QRect(rect)
        upper.setHeight(rect.height() // 2)
        lower.setTop(upper.bottom())
        middle = Qt.AlignmentFlag.AlignHCenter
        if side.number >= 0:
            self._write(painter, upper, middle, side.label, False)
            self._write(painter, lower, middle, side.place, True)
        elif side.is_sum:
            self._write(painter, lower, middle, side.label, False)
        else:
            count, _, word = side.label.partition(" ")
            self._write(painter, upper, middle, count, True)
            self._write(painter, lower, middle, word, True)
        painter.restore()


class _Queries(_Names):
    def __init__(self, view: HeadMatrix) -> None:
        super().__init__(Qt.Orientation.Vertical, view)
        self.setDefaultSectionSize(_ROW)
        self.setMinimumSectionSize(_ROW)
        self.setFixedWidth(_SIDE)

    def paintSection(self, painter: QPainter, rect: QRect, logical_index: int) -> None:
        side = self._view.cells.rows[logical_index]
        self._begin(painter, rect, side)
        room = rect.adjusted(0, 0, -Space.SMALL, 0)
        if side.number >= 0:
            metrics = painter.fontMetrics()
            self._write(painter, room, Qt.AlignmentFlag.AlignLeft, side.place, True)
            taken = metrics.horizontalAdvance(side.place) + Space.SMALL
            self._write(painter, room.adjusted(taken, 0, 0, 0), Qt.AlignmentFlag.AlignRight, side.label, False)
        else:
            self._write(painter, room, Qt.AlignmentFlag.AlignRight, side.label, not side.is_sum)
        painter.restore()
