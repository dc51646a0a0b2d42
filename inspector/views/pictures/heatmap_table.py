"""A table of small heatmaps, each with a number below, walked and chosen like a table of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine.protocol.looks import Ramp
from inspector.look.numbers import written
from inspector.look.overlays import paint_empty
from inspector.look.theme import Space, tones
from inspector.views.pictures.heatmap import Heatmap, paint_pixels

_LEAST = 56  # points of a heatmap's side
_WIDEST = "best −0.000123"  # of what stands below one
_USUAL = 96
_KEPT = 256  # pixels of a heatmap's side that are kept: no cell shows more
_EMPTY = "Write the gammas to compare; a heatmap for each pair of them appears here."


@dataclass(frozen=True, eq=False)
class _Cell:
    image: Heatmap | None = None
    rating: float | None = None


class HeatmapTable(QWidget):
    """A table as large as there is room, and never so small that heatmaps cannot be told apart."""

    cell_clicked = Signal(int, int)  # also by Enter and the space bar
    current_changed = Signal(object)  # QRect to be seen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._cells: dict[tuple[int, int], _Cell] = {}
        self._current = (0, 0)
        self._best: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Heatmaps of all pairs of gammas")
        self._describe()

    def set_labels(self, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Begin a table anew: every cell waits for its heatmap."""
        self._rows, self._columns = tuple(rows), tuple(columns)
        self._cells = {(row, column): _Cell() for row in range(len(rows)) for column in range(len(columns))}
        self._current, self._best = (0, 0), None
        self.setMinimumSize(self.minimumSizeHint())
        self.updateGeometry()
        self._show()

    def set_heatmap(self, row: int, column: int, relevance: np.ndarray, limit: float, ramp: Ramp) -> None:
        """`relevance` (row, column) of a cell, whose colours end at ± `limit`."""
        image = Heatmap(relevance, limit, ramp, most=_KEPT)
        self._cells[row, column] = replace(self._cells[row, column], image=image)
        self._show()

    def set_rating(self, row: int, column: int, rating: float) -> None:
        self._cells[row, column] = replace(self._cells[row, column], rating=rating)
        self._show()

    def mark_best(self, row: int, column: int) -> None:
        self._best = (row, column)
        self._show()

    def heatmap_rect(self, row: int, column: int) -> QRect:
        """The square in which a cell's heatmap is."""
        side = self._side()
        stride = side + Space.MEDIUM
        top = self._header_height() + row * (stride + self._line_height()) + Space.TIGHT
        return QRect(self._header_width() + column * stride + Space.TIGHT, top, side, side)

    def sizeHint(self) -> QSize:
        return self._size(max(_USUAL, self._least()))

    def minimumSizeHint(self) -> QSize:
        return self._size(self._least())

    # -- pointer and keys ---------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        for place in self._cells:
            if event.button() == Qt.MouseButton.LeftButton and self._cell_rect(*place).contains(point):
                self._move_to(*place)
                self.cell_clicked.emit(*place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, column = self._current
        places = {
            Qt.Key.Key_Up: (row - 1, column),
            Qt.Key.Key_Down: (row + 1, column),
            Qt.Key.Key_Left: (row, column - 1),
            Qt.Key.Key_Right: (row, column + 1),
            Qt.Key.Key_Home: (row, 0),
            Qt.Key.Key_End: (row, len(self._columns) - 1),
        }
        if not self._cells:
            super().keyPressEvent(event)
        elif event.key() in places:
            place = places[Qt.Key(event.key())]
            if place in self._cells:
                self._move_to(*place)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.cell_clicked.emit(*self._current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _move_to(self, row: int, column: int) -> None:
        self._current = (row, column)
        self._show()
        self.current_changed.emit(self._cell_rect(row, column))

    # -- where things are ---------------------------------------------------------------------------------------------

    def _cell_rect(self, row: int, column: int) -> QRect:
        """A heatmap and the line below it."""
        return self.heatmap_rect(row, column).adjusted(-3, -3, 3, self._line_height() + 1)

    def _side(self) -> int:
        if not self._cells:
            return self._least()
        across = (self.width() - self._header_width()) // len(self._columns)
        down = (self.height() - self._header_height()) // len(self._rows) - self._line_height()
        return max(min(across, down) - Space.MEDIUM, self._least())

    def _least(self) -> int:
        return max(_LEAST, self.fontMetrics().horizontalAdvance(_WIDEST))

    def _size(self, side: int) -> QSize:
        if not self._cells:
            return QSize(240, 120)
        stride = side + Space.MEDIUM
        return QSize(
            self._header_width() + len(self._columns) * stride,
            self._header_height() + len(self._rows) * (stride + self._line_height()),
        )

    def _header_width(self) -> int:
        return max(map(self.fontMetrics().horizontalAdvance, self._rows), default=0) + Space.MEDIUM

    def _header_height(self) -> int:
        return self.fontMetrics().height() + Space.TIGHT

    def _line_height(self) -> int:
        return self.fontMetrics().height() + Space.HAIR

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().base())
        if not self._cells:
            paint_empty(painter, self.rect(), _EMPTY, t)
            return
        painter.setPen(QColor(t.quiet))
        for column, label in enumerate(self._columns):
            place = self.heatmap_rect(0, column)
            head = QRect(place.left() - Space.SMALL, 0, place.width() + Space.LARGE, self._header_height())
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, label)
        for row, label in enumerate(self._rows):
            place = self.heatmap_rect(row, 0)
            head = QRect(0, place.top(), self._header_width() - Space.SMALL, place.height())
            painter.drawText(head, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)
        for place_, cell in self._cells.items():
            self._paint_cell(painter, place_, cell)

    def _paint_cell(self, painter: QPainter, place: tuple[int, int], cell: _Cell) -> None:
        t, area = tones(self.palette()), self.heatmap_rect(*place)
        if cell.image is None:
            painter.fillRect(area, QColor(t.window))
            painter.setPen(QColor(t.quiet))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "…")
        else:
            image = cell.image.image(t.ground)
            size = image.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            fitted = QRect(area.topLeft(), size)
            fitted.moveCenter(area.center())
            paint_pixels(painter, QRectF(fitted), image)
        is_best = place == self._best
        below = QRect(area.left() - 3, area.bottom() + 1, area.width() + 6, self._line_height())
        painter.setPen(QColor(t.match if is_best else t.text))
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, self._words(place))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_best:
            painter.setPen(QPen(QColor(t.match), 2))
            painter.drawRect(QRectF(area).adjusted(-1, -1, 1, 1))
        if place == self._current and self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(QRectF(area).adjusted(-4, -3, 4, self._line_height() + 2), 3, 3)

    def _words(self, place: tuple[int, int]) -> str:
        rating = self._cells[place].rating
        words = ["best" if place == self._best else "", "" if rating is None else written(rating)]
        return " ".join(word for word in words if word)

    def _show(self) -> None:
        self._describe()
        self.update()

    def _describe(self) -> None:
        if not self._cells:
            self.setAccessibleDescription(_EMPTY)
            return
        row, column = self._current
        state = self._words(self._current) or ("" if self._cells[self._current].image else "not computed yet")
        facts = (f"conv {self._rows[row]}", f"linear {self._columns[column]}", state)
        self.setAccessibleDescription(", ".join(fact for fact in facts if fact))
