"""How the table of the strongest tokens is painted: each on its colour, among its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from inspector.look.theme import Space, Tones
from inspector.views.prediction_rows import emphasised
from inspector.views.tokens.strongest_rows import LOGITS, RANK, SHARE, TOKEN, StrongestRows, alignment

_STALE = 0.4  # of the opacity of what is to an earlier question
_RADIUS = 4.0
_LEAST_CONTEXT = 16  # points that some letters of what stands beside a token need
_AROUND = Space.HAIR + 1  # a chip
_SIDES = {column: alignment(column) for column in (RANK, TOKEN, LOGITS, SHARE)}


@dataclass(frozen=True)
class Places:
    """Where rows and columns are in the table's viewport: where each begins, and how large it is."""

    rows: dict[int, tuple[int, int]]  # those in sight
    columns: tuple[tuple[int, int], ...]

    def cell(self, row: int, column: int) -> QRect:
        """Where a text stands."""
        (top, height), (left, width) = self.rows[row], self.columns[column]
        return QRect(left + Space.TIGHT, top, width - 2 * Space.TIGHT, height)

    def across(self, row: int) -> QRect:
        """The whole row."""
        (top, height), (left, width) = self.rows[row], self.columns[-1]
        return QRect(0, top, left + width, height)


class StrongestPainter:
    """Paints all rows at once: a cell of its own for Qt costs more than what is in it."""

    def __init__(self, rows: StrongestRows) -> None:
        self._rows = rows
        self._fitted: dict[tuple[str, str, str], tuple[tuple[str, int], ...]] = {}  # to the room for tokens
        self._fitted_for: tuple[int, QFont] | None = None

    def paint(self, painter: QPainter, places: Places, selected: set[int], font: QFont, t: Tones) -> None:
        """Paint the rows that are in sight; neighbours of a token are cut where there is no room for them."""
        rows = self._rows
        for row in places.rows:
            self._paint_ground(painter, places.across(row), row, row in selected, t)
        if rows.stale:
            painter.setOpacity(_STALE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = places.columns[TOKEN][1] - 2 * Space.TIGHT
        if (room, font) != self._fitted_for:
            self._fitted.clear()
            self._fitted_for = (room, font)
        for is_sum in (False, True):
            painter.setFont(emphasised(font) if is_sum else font)
            for row in (row for row in places.rows if rows.is_sum(row) is is_sum):
                self._paint_token(painter, places.cell(row, TOKEN), row, t)
            for column in (RANK, LOGITS, SHARE):
                for row in (row for row in places.rows if rows.is_sum(row) is is_sum):
                    if text := rows.text(row, column):
                        is_quiet = column == RANK or self._is_of_others(row)
                        painter.setPen(QColor(t.quiet if is_quiet else t.text))
                        painter.drawText(places.cell(row, column), _SIDES[column], text)

    def _paint_ground(self, painter: QPainter, across: QRect, row: int, is_selected: bool, t: Tones) -> None:
        if is_selected or row == self._rows.pointed:
            painter.fillRect(across, QColor(t.soft))
        if is_selected:
            painter.fillRect(QRect(across.left(), across.top(), 3, across.height()), t.accent)
        if self._rows.is_sum(row):
            painter.fillRect(QRect(across.left(), across.top(), across.width(), 1), QColor(t.line))

    def _is_of_others(self, row: int) -> bool:
        return self._rows.unit_at(row) is None and not self._rows.is_sum(row)

    def _paint_token(self, painter: QPainter, cell: QRect, row: int, t: Tones) -> None:
        context, is_token = self._rows.context(row), self._rows.unit_at(row) is not None
        if not is_token:
            painter.setPen(QColor(t.quiet if self._is_of_others(row) else t.text))
            painter.drawText(cell, _SIDES[TOKEN], context[1])
            return
        if context not in self._fitted:
            self._fitted[context] = tuple(_fitted(context, cell.width(), painter.fontMetrics()))
        (before, width_before), (said, width), (after, width_after) = self._fitted[context]
        x, colours = cell.left() + width_before + _AROUND, self._rows.colours(row, t)
        if colours is not None:
            height = painter.fontMetrics().height() + 1
            chip = QRectF(x - Space.HAIR, cell.center().y() - height / 2, width + 2 * Space.HAIR, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours[0])
            painter.drawRoundedRect(chip, _RADIUS, _RADIUS)
        painter.setPen(QColor(t.text) if colours is None else colours[1])
        painter.drawText(QRect(x, cell.top(), width + 1, cell.height()), _SIDES[TOKEN], said)
        painter.setPen(QColor(t.quiet))
        for text, left, wide in ((before, cell.left(), width_before), (after, x + width + _AROUND, width_after)):
            if text:
                painter.drawText(QRect(left, cell.top(), wide + 1, cell.height()), _SIDES[TOKEN], text)


def _fitted(context: tuple[str, str, str], room: int, metrics: QFontMetrics) -> Iterator[tuple[str, int]]:
    """What there is room for of a token and of its neighbours, each with its width."""
    before, said, after = context
    said = metrics.elidedText(said, Qt.TextElideMode.ElideRight, room - 2 * _AROUND)
    room -= metrics.horizontalAdvance(said) + 2 * _AROUND
    before = metrics.elidedText(before, Qt.TextElideMode.ElideLeft, room) if room >= _LEAST_CONTEXT else ""
    room -= metrics.horizontalAdvance(before)
    after = metrics.elidedText(after, Qt.TextElideMode.ElideRight, room) if room >= _LEAST_CONTEXT else ""
    for text in (before, said, after):
        yield text, metrics.horizontalAdvance(text)
