"""The predictions at a position, and the choice of one to explain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QCompleter,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.protocol.values import Prediction
from inspector.look.numbers import grouped
from inspector.look.overlays import paint_stale_tag, stale_tag_width
from inspector.look.theme import Space, tones
from inspector.look.visible_text import visible
from inspector.views.prediction_rows import (
    HEADINGS,
    LOGIT,
    PROBABILITY,
    TOKEN,
    Kind,
    PredictionDelegate,
    PredictionRows,
    emphasised,
    shown_token,
)

Against = int | Literal["mean"] | None
Relation = Literal["after", "at", "whole"]  # of the predictions to the token they are for
_PLURALS = {"token": "tokens", "class": "classes"}


class PredictionTable(QWidget):
    """Predictions to click and explain; a field takes any other token, a box the one to compare with.

    `keep`, for the head of the dock, says whether the target stays when the prompt is edited.
    """

    explained = Signal(int)  # token id
    set_against = Signal(object)  # Against
    text_target_entered = Signal(str)
    keeping_chosen = Signal(bool)  # whether the target stays when the prompt is edited

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = PredictionRows()
        self._position = _label(self)
        self._position.setWordWrap(True)
        self._against = QComboBox(self)
        self._against.setAccessibleName("Explain against")
        self._against.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._against.activated.connect(self._on_against_chosen)
        self._table = _Table(self)
        self._table.setModel(self._rows)
        self._table.setItemDelegate(PredictionDelegate(self._rows, self._table))
        self._table.clicked.connect(self._on_row_chosen)
        self._table.entered_pressed.connect(self._on_row_chosen)
        self._table.customContextMenuRequested.connect(self._open_menu)
        self._table.dress_header()
        self._field = QLineEdit(self)
        self._field.returnPressed.connect(self._on_text_entered)
        self._field.textEdited.connect(self._clear_error)
        self.keep = QCheckBox("keep on edit")
        self.keep.setToolTip("The token, what it is set against, and its place stay when the prompt is edited")
        self.keep.clicked.connect(self.keeping_chosen)
        self._error = _label(self)
        self._error.setWordWrap(True)
        self._error.hide()
        self._lay_out()
        self._name_kind("token")
        self.clear()

    def show_predictions(
        self, predictions: Sequence[Prediction], explained_id: int | None, against: Against, kind: Kind = "token"
    ) -> None:
        """List the predictions, mark the explained one, and say what it is compared with."""
        self._name_kind(kind)
        self._rows.show(predictions, explained_id, kind)
        self._table.fit_logits()
        self.updateGeometry()
        self._fill_against(predictions, explained_id, against)
        self._table.setEnabled(True)
        self._clear_error()

    def set_position(self, position: int, label: str, relation: Relation = "after") -> None:
        """Say where in the prompt: the predictions come after, or are of, the token `label` at `position`."""
        if relation == "whole":
            self._position.setText("of the whole input")
        else:
            self._position.setText(f"{relation} “{visible(label)}”  ·  position {grouped(position)}")

    def set_classes(self, names: Sequence[str], kind: Kind) -> None:
        """What the model chooses from, and the classes that the field finds by any part of their names."""
        if not self._rows.predictions:
            self._name_kind(kind)
            self._rows.show((), None, kind)
        completer = QCompleter(list(dict.fromkeys(names)), self._field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(12)
        completer.activated.connect(self._on_class_found)
        self._field.setCompleter(completer)

    def set_stale(self, stale: bool) -> None:
        """Mark the predictions as those of an earlier question."""
        if stale != self._rows.stale:
            self._rows.stale = stale
            self._position.setContentsMargins(0, 0, stale_tag_width(self.fontMetrics()) if stale else 0, 0)
            self._table.setAccessibleDescription("stale" if stale else "")
            self._table.viewport().update()
            self.update()

    def show_target_error(self, message: str) -> None:
        """Say below the field why its text is no target; an empty message takes that back."""
        self._error.setText(message)
        self._error.setVisible(bool(message))
        self._dress()

    def refuse_text_target(self, text: str, message: str) -> None:
        """Keep in the field what was no target, ready to be mended or typed over, and say why."""
        self._field.setText(text)
        self._field.selectAll()
        self.show_target_error(message)

    def set_text_target(self, text: str) -> None:
        """Put another text into the field; empty if the target was not chosen there."""
        if text != self._field.text():
            self._field.setText(text)
            self._clear_error()

    def set_keeping(self, keeps: bool) -> None:
        """Whether the target stays when the prompt is edited."""
        self.keep.setChecked(keeps)

    def clear(self) -> None:
        self._rows.show((), None)
        self._fill_against((), None, None)
        self._position.setText("No predictions yet")
        self._clear_error()

    def sizeHint(self) -> QSize:
        return QSize(300, 380)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._table.needed_width() + 2 * Space.SMALL, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._rows.stale:
            beside = self._position.geometry().adjusted(0, -Space.SMALL, 0, 0)
            paint_stale_tag(QPainter(self), beside, tones(self.palette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _lay_out(self) -> None:
        another, against = _label(self), _label(self)
        another.setText("or explain")
        against.setText("against")
        form = QGridLayout()
        form.setHorizontalSpacing(Space.SMALL)
        form.setVerticalSpacing(Space.TIGHT)
        form.addWidget(another, 0, 0)
        form.addWidget(self._field, 0, 1)
        form.addWidget(self._error, 1, 1)
        form.addWidget(against, 2, 0)
        form.addWidget(self._against, 2, 1)
        form.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._position)
        column.addWidget(self._table, 1)
        column.addLayout(form)

    def _name_kind(self, kind: Kind) -> None:
        self._kind = kind
        self._field.setPlaceholderText("another token, e.g. has" if kind == "token" else "a class, by name or number")
        self._field.setAccessibleName(f"Another {kind} to explain")

    def _fill_against(self, predictions: Sequence[Prediction], explained: int | None, against: Against) -> None:
        choices: dict[Against, str] = {
            None: "nothing: the logit itself",
            "mean": f"the mean of all {_PLURALS[self._kind]}",
        }
        choices |= {each.id: shown_token(each) for each in predictions if each.id != explained}
        if against not in choices:
            choices[against] = f"{self._kind} {against}"
        self._against.clear()
        for choice, text in choices.items():
            self._against.addItem(text, choice)
        self._against.setCurrentIndex(list(choices).index(against))
        self._against.setEnabled(bool(predictions))

    def _on_against_chosen(self, index: int) -> None:
        self.set_against.emit(self._against.itemData(index))

    def _on_row_chosen(self, index: QModelIndex) -> None:
        self.explained.emit(self._rows.predictions[index.row()].id)

    def _on_text_entered(self) -> None:
        if self._field.text():
            self._clear_error()
            self.text_target_entered.emit(self._field.text())

    def _on_class_found(self, name: str) -> None:
        self._clear_error()
        self.text_target_entered.emit(name)

    def _open_menu(self, point: QPoint) -> None:
        index = self._table.indexAt(point)
        if not index.isValid():
            return
        prediction = self._rows.predictions[index.row()]
        token = shown_token(prediction).replace("&", "&&")
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"Explain {token}", partial(self.explained.emit, prediction.id))
        against = menu.addAction(f"Explain against {token}", partial(self.set_against.emit, prediction.id))
        against.setEnabled(not self._rows.is_explained(index.row()))
        menu.popup(self._table.viewport().mapToGlobal(point))

    def _clear_error(self) -> None:
        self.show_target_error("")

    def _dress(self) -> None:
        t = tones(self.palette())
        _tint(self._error, t.error)


class _Table(QTableView):
    """Rows to click; Enter chooses the row the arrow keys are at."""

    entered_pressed = Signal(QModelIndex)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setAccessibleName("Predictions")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)

    def dress_header(self) -> None:
        """Give the token the room that the numbers leave."""
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(60)
        header.setSectionResizeMode(TOKEN, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(LOGIT, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(PROBABILITY, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(PROBABILITY, self.fontMetrics().horizontalAdvance("Probability") + 5 * Space.SMALL)
        self.fit_logits()

    def fit_logits(self) -> None:
        """Make room for the widest logit. Qt would ask the delegate for every cell, three times for each answer."""
        model = self.model()
        metrics = QFontMetrics(emphasised(self.font()))
        texts = [HEADINGS[LOGIT], *(model.index(row, LOGIT).data() for row in range(model.rowCount()))]
        widest = max(metrics.horizontalAdvance(text) for text in texts)
        self.horizontalHeader().resizeSection(LOGIT, widest + 3 * Space.SMALL)

    def needed_width(self) -> int:
        """What the numbers take beside the shortest token."""
        header = self.horizontalHeader()
        numbers = header.sectionSize(LOGIT) + header.sectionSize(PROBABILITY)
        return header.minimumSectionSize() + numbers + self.verticalScrollBar().sizeHint().width()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
        if enter and self.currentIndex().isValid():
            self.entered_pressed.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


def _label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _tint(label: QLabel, colour: str) -> None:
    palette = label.palette()
    if palette.color(palette.ColorRole.WindowText).name() != colour:
        palette.setColor(palette.ColorRole.WindowText, colour)
        label.setPalette(palette)
