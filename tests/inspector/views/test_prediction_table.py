import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QPalette
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QMenu, QTableView
from pytestqt.qtbot import QtBot

from engine.protocol.values import Prediction
from inspector.views.prediction_table import PredictionTable

_PREDICTIONS = (
    Prediction(20, "3", "3", 33.457, 0.9),
    Prediction(19, " 2", " 2", 29.1, 0.05),
    Prediction(7, "\n", "\\n", -3.25, 0.0001),
    Prediction(8, "<b>&x", "<b>&x", -4, 0.00001),
)


@pytest.fixture
def table(shown) -> PredictionTable:
    view = shown(PredictionTable(), 320, 400)
    view.show_predictions(_PREDICTIONS, 20, None)
    return view


def _row(table: PredictionTable, row: int) -> QPoint:
    rows = table.findChild(QTableView)
    return rows.visualRect(rows.model().index(row, 0)).center()


def _shown(table: PredictionTable, row: int) -> list[str]:
    model = table.findChild(QTableView).model()
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_that_rows_show_token_logit_and_probability(table: PredictionTable):
    assert _shown(table, 0) == ["“3”", "33.46", "90 %"]
    assert _shown(table, 1) == ["“ 2”", "29.10", "5.0 %"]
    assert _shown(table, 2) == ["“\\n”", "−3.25", "< 0.1 %"]
    assert _shown(table, 3)[0] == "“<b>&x”"


def test_that_a_logit_of_no_choice_has_neither_a_probability_nor_its_bar(table: PredictionTable):
    rows = table.findChild(QTableView)
    table.show_predictions((Prediction(0, "a", "a", 2.5, None), Prediction(1, "b", "b", 2.5, 1.0)), None, None)
    assert _shown(table, 0) == ["“a”", "2.50", "–"]
    cells = (rows.visualRect(rows.model().index(row, 2)) for row in range(2))
    image = rows.viewport().grab().toImage()
    without, with_bar = (image.pixelColor(cell.left() + cell.width() // 4, cell.center().y()) for cell in cells)
    assert without == rows.palette().color(QPalette.ColorRole.Base) != with_bar


def test_that_an_empty_table_waits_for_what_the_model_chooses_from(shown):
    table = shown(PredictionTable(), 320, 400)
    rows, heading = table.findChild(QTableView), (0, Qt.Orientation.Horizontal)
    table.set_classes(("cat", "dog"), "class")
    assert rows.model().headerData(*heading) == "Class"
    assert "class" in table.findChild(QLineEdit).placeholderText()
    table.show_predictions(_PREDICTIONS, 20, None)
    table.set_classes(("cat", "dog"), "class")  # those on show are still tokens
    assert rows.model().headerData(*heading) == "Token"


def test_that_classes_are_called_so(table: PredictionTable):
    rows, field, against = table.findChild(QTableView), table.findChild(QLineEdit), table.findChild(QComboBox)
    heading = (0, Qt.Orientation.Horizontal)
    assert rows.model().headerData(*heading) == "Token"
    assert against.itemText(1) == "the mean of all tokens"
    table.show_predictions(_PREDICTIONS, 20, 4711, "class")
    table.set_position(0, "", "whole")
    assert rows.model().headerData(*heading) == "Class"
    assert "class" in field.placeholderText() and "token" not in field.placeholderText()
    assert [against.itemText(row) for row in (1, against.count() - 1)] == ["the mean of all classes", "class 4711"]
    assert "of the whole input" in [label.text() for label in table.findChildren(QLabel)]
    table.set_position(3, "dog", "at")
    assert "at “dog”  ·  position 3" in [label.text() for label in table.findChildren(QLabel)]


def test_that_there_is_room_for_the_widest_logit(table: PredictionTable):
    rows = table.findChild(QTableView)
    before = rows.columnWidth(1)
    table.show_predictions([*_PREDICTIONS, Prediction(9, "x", "x", -123456789.0, 0.0)], 9, None)
    heavy = rows.font()
    heavy.setWeight(heavy.Weight.DemiBold)
    assert rows.columnWidth(1) > QFontMetrics(heavy).horizontalAdvance(_shown(table, 4)[1]) > before
    table.show_predictions(_PREDICTIONS, 20, None)
    assert rows.columnWidth(1) == before


def test_that_halves_of_characters_are_told_apart_by_their_bytes(table: PredictionTable):
    table.show_predictions([Prediction(1, "\ufffd", "‹93›", 2, 0.6), Prediction(2, "\ufffd", "‹9F›", 1, 0.4)], 1, None)
    assert [_shown(table, row)[0] for row in range(2)] == ["“‹93›”", "“‹9F›”"]


def test_that_a_click_on_a_row_explains_it(table: PredictionTable, qtbot: QtBot):
    with qtbot.waitSignal(table.explained) as signal:
        qtbot.mouseClick(table.findChild(QTableView).viewport(), Qt.MouseButton.LeftButton, pos=_row(table, 1))
    assert signal.args == [19]


def test_that_enter_explains_the_row_the_arrow_keys_are_at(table: PredictionTable, qtbot: QtBot):
    rows = table.findChild(QTableView)
    rows.setCurrentIndex(rows.model().index(0, 0))
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    with qtbot.waitSignal(table.explained) as signal:
        qtbot.keyClick(rows, Qt.Key.Key_Return)
    assert signal.args == [19]


def test_that_only_the_explained_row_is_marked(table: PredictionTable):
    rows = table.findChild(QTableView)
    image = rows.viewport().grab().toImage()
    edge = [image.pixelColor(1, _row(table, row).y()).name() for row in range(3)]
    assert edge[0] != edge[1] == edge[2]


def test_that_against_offers_nothing_the_mean_and_the_other_predictions(table: PredictionTable, qtbot: QtBot):
    box = table.findChild(QComboBox)
    assert [box.itemData(index) for index in range(box.count())] == [None, "mean", 19, 7, 8]
    chosen = []
    table.set_against.connect(chosen.append)
    for index in (1, 2, 0):
        box.activated.emit(index)
    assert chosen == ["mean", 19, None]


def test_that_a_contrast_outside_the_list_is_kept(table: PredictionTable):
    table.show_predictions(_PREDICTIONS, 20, 4711)
    assert table.findChild(QComboBox).currentData() == 4711
    table.show_predictions(_PREDICTIONS, 20, "mean")
    assert table.findChild(QComboBox).currentData() == "mean"


def test_that_the_menu_of_a_row_explains_it_or_compares_with_it(table: PredictionTable, qtbot: QtBot):
    table.findChild(QTableView).customContextMenuRequested.emit(_row(table, 3))
    menu = table.findChild(QMenu)
    explain, against = menu.actions()
    assert explain.text() == "Explain “<b>&&x”"
    with qtbot.waitSignal(table.explained) as signal:
        explain.trigger()
    assert signal.args == [8]
    with qtbot.waitSignal(table.set_against) as signal:
        against.trigger()
    assert signal.args == [8]
    menu.close()


def test_that_text_is_a_target_when_enter_is_pressed_and_its_error_goes_with_the_next_letter(
    table: PredictionTable, qtbot: QtBot
):
    field = next(each for each in table.findChildren(QLineEdit))
    qtbot.keyClicks(field, " has")
    with qtbot.waitSignal(table.text_target_entered) as signal:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert signal.args == [" has"]
    table.show_target_error("“ has” is two tokens.")
    error = next(label for label in table.findChildren(QLabel) if "two tokens" in label.text())
    assert error.isVisible()
    qtbot.keyClicks(field, "n")
    assert not error.isVisible()


def test_that_the_position_is_said_in_words(table: PredictionTable):
    table.set_position(452, "8,\u202e")
    assert any(label.text() == "after “8,⟨202E⟩”  ·  position 452" for label in table.findChildren(QLabel))


def test_that_no_text_of_the_table_is_taken_for_markup(table: PredictionTable):
    assert {label.textFormat() for label in table.findChildren(QLabel)} == {Qt.TextFormat.PlainText}
