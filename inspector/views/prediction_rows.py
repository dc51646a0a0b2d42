"""The predictions as a table model, and how its cells are painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.protocol.values import Prediction
from inspector.look.numbers import percent, written
from inspector.look.theme import Space, tones
from inspector.look.visible_text import visible

_STALE = 0.4  # of the opacity of what is to an earlier question
HEADINGS = ("Token", "Logit", "Probability")  # the first is "Class" where the model predicts those
TOKEN, LOGIT, PROBABILITY = range(3)
_HALF = "\ufffd"  # what the text of half a character is

Index = QModelIndex | QPersistentModelIndex
Kind = Literal["token", "class"]  # of what is predicted


class PredictionRows(QAbstractTableModel):
    """One row for each prediction, in the order given."""

    def __init__(self) -> None:
        super().__init__()
        self.predictions: Sequence[Prediction] = ()
        self.explained: int | None = None
        self.stale = False
        self._kind: Kind = "token"

    def show(self, predictions: Sequence[Prediction], explained: int | None, kind: Kind = "token") -> None:
        self.beginResetModel()
        self.predictions, self.explained, self._kind = tuple(predictions), explained, kind
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.predictions)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self._kind.capitalize() if section == TOKEN else HEADINGS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        prediction = self.predictions[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(prediction, index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case Qt.ItemDataRole.FontRole if self.is_explained(index.row()):
                return emphasised(QFont())
            case Qt.ItemDataRole.AccessibleDescriptionRole if self.is_explained(index.row()):
                return "explained"
        return None

    def is_explained(self, row: int) -> bool:
        return self.predictions[row].id == self.explained

    def _text(self, prediction: Prediction, column: int) -> str:
        if column == TOKEN:
            return shown_token(prediction)
        if column == LOGIT:
            return written(prediction.logit)
        return "–" if prediction.probability is None else percent(prediction.probability)


def shown_token(prediction: Prediction) -> str:
    """A token between quotation marks that show the space it begins with; half a character goes by its bytes."""
    legible = prediction.text.strip() and _HALF not in prediction.text
    return f"“{visible(prediction.text if legible else prediction.label)}”"


def emphasised(font: QFont) -> QFont:
    """`font` as the row that is explained has it."""
    font = QFont(font)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == TOKEN else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


class PredictionDelegate(QStyledItemDelegate):
    """Paints the probability's bar behind its number, and a mark beside the row that is explained."""

    def __init__(self, rows: PredictionRows, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        # Not by initStyleOption, which asks for each of a cell's many roles: a table full of rows took 8 ms of a turn.
        t = tones(option.palette)
        if self._rows.is_explained(index.row()):
            option.font = emphasised(option.font)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setOpacity(_STALE if self._rows.stale else 1.0)
        option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        probability = self._rows.predictions[index.row()].probability
        if index.column() == PROBABILITY and probability is not None:
            _paint_bar(painter, option.rect, probability, QColor(t.on_accent if selected else t.accent))
        if index.column() == TOKEN and self._rows.is_explained(index.row()):
            painter.fillRect(QRect(option.rect.left(), option.rect.top() + 3, 3, option.rect.height() - 6), t.accent)
        painter.setFont(option.font)
        painter.setPen(QColor(t.on_accent if selected else t.text))
        cell = option.rect.adjusted(Space.SMALL, 0, -Space.SMALL, 0)
        text = self._rows.data(index)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, cell.width())
        painter.drawText(cell, _alignment(index.column()), shown)
        painter.restore()


def _paint_bar(painter: QPainter, cell: QRect, share: float, colour: QColor) -> None:
    area = cell.adjusted(Space.TIGHT, 4, -Space.TIGHT, -4)
    width = round(area.width() * min(max(share, 0.0), 1.0))
    colour.setAlphaF(0.28)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(area.left(), area.top(), width, area.height(), 2, 2)
