"""The strongest heads as a table model, ending with the others and the sum, and how its cells are painted."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.protocol.looks import Ramp
from engine.reading.colours import FAINTEST, coloured, inks, places_on
from engine.reading.numbers import fixed
from inspector.look.labels import bold
from inspector.look.numbers import decimals_beside, grouped, percent
from inspector.look.theme import Space, Tones, tones
from inspector.views.inside.head_facts import HeadFacts, Place
from inspector.views.tokens.token_context import in_context

RANK, HEAD, LOGITS, SHARE, TOKEN = range(5)
_HEADINGS = ("", "head", "logits", "of target", "gave most to")
_WHY_MORE = "What a head holds, heads of earlier blocks may hold too: together it can be more than the target's value"
_STALE = 0.4  # of the opacity
_RADIUS = 4.0

Index = QModelIndex | QPersistentModelIndex
HeadOrder = Literal["size", "for", "against"]
ORDERS: dict[HeadOrder, str] = {
    "size": "Largest first, of either sign",
    "for": "What speaks for first",
    "against": "What speaks against first",
}


class HeadRows(QAbstractTableModel):
    """A row for each of the first heads in order, one for the others together, and one for the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: HeadFacts | None = None
        self.limit, self.ramp, self.target = 1.0, Ramp(), 0.0
        self.order: HeadOrder = "size"
        self.stale = False
        self._room = 1
        self._places: list[Place] = []  # of all heads, in order
        self._total = self._largest = 0.0

    def show(self, facts: HeadFacts | None, limit: float = 1.0, ramp: Ramp | None = None, target: float = 0.0) -> None:
        """Rank heads; shares are of the `target`'s value."""
        self.beginResetModel()
        self.facts, self.limit, self.ramp, self.target = facts, limit, ramp or Ramp(), target
        self._rank()
        self.endResetModel()

    def set_order(self, order: HeadOrder) -> None:
        self.beginResetModel()
        self.order = order
        self._rank()
        self.endResetModel()

    def set_room(self, rows: int) -> None:
        """Have at most so many rows, the others and the sum with them."""
        if rows != self._room:
            self.beginResetModel()
            self._room = rows
            self.endResetModel()

    @property
    def listed(self) -> int:
        """How many heads have a row of their own."""
        return (
            len(self._places) if len(self._places) + 1 <= self._room else max(min(self._room - 2, len(self._places)), 0)
        )

    def place_at(self, row: int) -> Place | None:
        """The head of a row; None of the others and of the sum."""
        return self._places[row] if 0 <= row < self.listed else None

    def row_of(self, place: Place | None) -> int | None:
        """The row of a head, where it has one."""
        listed = self._places[: self.listed]
        return listed.index(place) if place in listed else None

    def is_sum(self, row: int) -> bool:
        return row == self.rowCount() - 1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid() or self.facts is None:
            return 0
        return self.listed + (2 if self.listed < len(self._places) else 1)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                mark = {"size": "", "for": " ▾", "against": " ▴"}[self.order] if section == LOGITS else ""
                return _HEADINGS[section] + mark
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return alignment(section)
            if role == Qt.ItemDataRole.ToolTipRole:
                return {LOGITS: f"{ORDERS[self.order]}; a click changes that", SHARE: _WHY_MORE}.get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(index.column())
        return None

    def text(self, row: int, column: int) -> str:
        """What a cell says."""
        if self.facts is None:
            return ""
        place, value = self.place_at(row), self.value(row)
        match column:
            case 0:
                return "" if place is None else grouped(row + 1)
            case 1 if place is not None:
                return f"{place[0]}.{place[1]}"
            case 1:
                return "sum" if self.is_sum(row) else f"{grouped(len(self._places) - self.listed)} others"
            case 2:
                return fixed(value, decimals_beside(max(self._largest, abs(self._total))), plus=not self.is_sum(row))
            case 3:
                return percent(value / self.target) if self.target else "–"
            case _:
                return "".join(self.context(row))

    def context(self, row: int) -> tuple[str, str, str]:
        """The token that a row's head gave most, with what stands before and behind it."""
        place = self.place_at(row)
        if self.facts is None or place is None:
            return "", "", ""
        token = self.facts.strongest(*place)
        return in_context(self.facts.tokens, range(token, token + 1))

    def value(self, row: int) -> float:
        """The relevance of a row, in logits."""
        assert self.facts is not None
        place = self.place_at(row)
        if place is not None:
            return float(self.facts.relevance[place])
        if self.is_sum(row):
            return self._total
        return float(sum(float(self.facts.relevance[each]) for each in self._places[self.listed :]))

    def colours(self, row: int, t: Tones) -> tuple[QColor, QColor] | None:
        """Of the chip and of the text on it; None where there is none."""
        if self.place_at(row) is None:
            return None
        places = places_on(self.ramp, np.array([self.value(row)]), self.limit)
        if abs(places[0]) < FAINTEST:
            return None
        chip = coloured(places, self.ramp, t.ground)
        return QColor(*chip[0].tolist()), QColor(*inks(chip, t.ground)[0].tolist())

    def _rank(self) -> None:
        self._places = []
        self._total = self._largest = 0.0
        if self.facts is None:
            return
        values = self.facts.relevance.ravel()
        by = {"size": -np.abs(values), "for": -values, "against": values}[self.order]
        order = [at for at in np.argsort(by, kind="stable").tolist() if not np.isnan(values[at])]
        self._places = [divmod(at, self.facts.heads) for at in order]
        self._total = float(np.nansum(values, dtype=np.float64))
        self._largest = float(np.nanmax(np.abs(values), initial=0.0))


def alignment(column: int) -> Qt.AlignmentFlag:
    """Texts stand left, numbers right."""
    side = Qt.AlignmentFlag.AlignLeft if column in (HEAD, TOKEN) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


class HeadDelegate(QStyledItemDelegate):
    """Paints each head's number on its colour, and the token that it gave most among its neighbours."""

    def __init__(self, rows: HeadRows, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t, row, column = tones(option.palette), index.row(), index.column()
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(t.soft))
            if column == RANK:
                painter.fillRect(QRect(option.rect.left(), option.rect.top(), 3, option.rect.height()), t.accent)
        is_sum, is_head = self._rows.is_sum(row), self._rows.place_at(row) is not None
        if is_sum:
            painter.fillRect(QRect(option.rect.left(), option.rect.top(), option.rect.width(), 1), QColor(t.line))
        painter.setOpacity(_STALE if self._rows.stale else 1.0)
        painter.setFont(bold(option.font) if is_sum else option.font)
        cell = option.rect.adjusted(Space.TIGHT, 0, -Space.TIGHT, 0)
        if column == HEAD and is_head:
            self._paint_head(painter, cell, row, t)
        elif column == TOKEN:
            self._paint_token(painter, cell, row, t)
        else:
            painter.setPen(QColor(t.quiet if column == RANK or not (is_head or is_sum) else t.text))
            painter.drawText(cell, alignment(column), self._rows.text(row, column))
        painter.restore()

    def _paint_head(self, painter: QPainter, cell: QRect, row: int, t: Tones) -> None:
        text, painted = self._rows.text(row, HEAD), self._rows.colours(row, t)
        width, height = painter.fontMetrics().horizontalAdvance(text), painter.fontMetrics().height() + 1
        if painted is not None:
            chip = QRectF(cell.left(), cell.center().y() - height / 2, width + 2 * Space.TIGHT, height)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(painted[0])
            painter.drawRoundedRect(chip, _RADIUS, _RADIUS)
        painter.setPen(QColor(t.text) if painted is None else painted[1])
        painter.drawText(cell.adjusted(Space.TIGHT, 0, 0, 0), alignment(HEAD), text)

    def _paint_token(self, painter: QPainter, cell: QRect, row: int, t: Tones) -> None:
        """The token in the colour of text, its neighbours quiet, cut where there is no room."""
        metrics, x = painter.fontMetrics(), cell.left()
        for text, is_said in zip(self._rows.context(row), (False, True, False), strict=True):
            elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, cell.right() - x)
            painter.setPen(QColor(t.text if is_said else t.quiet))
            painter.drawText(QRect(x, cell.top(), cell.right() - x + 1, cell.height()), alignment(TOKEN), elided)
            x += metrics.horizontalAdvance(elided)
            if x >= cell.right():
                break
