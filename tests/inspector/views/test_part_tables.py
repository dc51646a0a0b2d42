"""The tables of what is inside: sorted, filtered, chosen, and painted on the right side of zero."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.protocol.looks import Ramp
from inspector.look.theme import apply_theme
from inspector.views.inside.account_table import STRIP, AccountRow, AccountTable
from inspector.views.inside.lens_table import LensRow, LensTable
from inspector.views.inside.neuron_rows import BAR, LOGITS, LOWERS, NEURON, RAISES, NeuronRow
from inspector.views.inside.neuron_table import NeuronTable

NEURONS = [
    NeuronRow(3, 706, 0.5, 1.0, 2, 0.4, ("up to ", "3", "20"), (" third", " three"), (" so",), (" 3",)),
    NeuronRow(3, 12, -0.75, -1.0, 1, -0.7, ("", "route", ""), (" b",), (" c",), (" <b>bold</b>",)),
    NeuronRow(12, 5, 0.25, 0.1, 0, 0.2, ("", "<s>", ""), (" A",), (), ()),
]


@pytest.fixture
def neurons(shown, qapp) -> NeuronTable:
    apply_theme(qapp, "light")
    view = shown(NeuronTable("Neurons", has_blocks=True), 800, 200)
    view.show_neurons(NEURONS, "3 hold 0.00", Ramp())
    return view


def numbers(view: NeuronTable) -> list[str]:
    return [row[NEURON] for row in view.texts()]


def click_heading(view: NeuronTable, column: int) -> None:
    header = view.table.horizontalHeader()
    place = header.viewport().rect().center()
    place.setX(header.sectionViewportPosition(column) + header.sectionSize(column) // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_that_neurons_stand_in_the_order_of_the_engine_until_a_heading_is_clicked(neurons: NeuronTable) -> None:
    assert numbers(neurons) == ["706", "12", "5"]
    click_heading(neurons, LOGITS)
    assert [row[LOGITS] for row in neurons.texts()] == ["+0.50", "+0.25", "−0.75"]
    click_heading(neurons, NEURON)
    assert numbers(neurons) == ["5", "12", "706"]  # as numbers, not as texts
    click_heading(neurons, RAISES)
    assert numbers(neurons) == ["5", "12", "706"]  # A, b, third: whatever the case


def test_that_bars_go_with_their_rows_however_they_are_sorted(neurons: NeuronTable) -> None:
    def is_red(row: int) -> bool:
        area = neurons.table.visualRect(neurons.table.model().index(row, BAR))
        seen = neurons.table.viewport().grab().toImage().pixelColor(area.left() + 12, area.center().y() + 1)
        return seen.red() > seen.blue()

    assert [is_red(row) for row in range(3)] == [True, False, True]
    click_heading(neurons, LOGITS)
    assert [is_red(row) for row in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("THREE", ["706"]), ("12.5", ["5"]), ("route", ["12"]), (" so", ["706"]), ("", ["706", "12", "5"]), ("zzz", [])],
)
def test_that_the_filter_finds_numbers_places_and_words(neurons: NeuronTable, text: str, expected: list[str]) -> None:
    neurons.field.setText(text)
    assert numbers(neurons) == expected
    said = neurons.findChild(QLabel, "footer").text()
    assert said == {"": "3 hold 0.00", "zzz": "No neuron of 3 has “zzz”."}.get(text, "1 of 3 neurons")


def test_that_slash_goes_to_the_filter_and_escape_takes_it_away(neurons: NeuronTable) -> None:
    neurons.activateWindow()
    neurons.table.setFocus()
    QTest.keyClick(neurons.table, Qt.Key.Key_Slash)
    assert neurons.field.hasFocus()
    QTest.keyClicks(neurons.field, "12.5")
    assert numbers(neurons) == ["5"]
    QTest.keyClick(neurons.field, Qt.Key.Key_Escape)
    assert neurons.table.hasFocus() and len(numbers(neurons)) == 3


def test_that_the_neuron_of_the_row_is_chosen_however_rows_are_sorted(neurons: NeuronTable, qtbot) -> None:
    click_heading(neurons, NEURON)
    with qtbot.waitSignal(neurons.neuron_chosen) as chosen:
        neurons.table.selectRow(0)
    assert chosen.args == [12, 5]
    with qtbot.assertNotEmitted(neurons.neuron_chosen):
        neurons.choose((3, 706))
    assert [index.row() for index in neurons.table.selectionModel().selectedRows()] == [2]
    neurons.choose((99, 1))
    assert not neurons.table.selectionModel().hasSelection()


def test_that_what_a_neuron_lowers_gives_way_where_words_would_not_be_read(neurons: NeuronTable) -> None:
    assert not neurons.table.isColumnHidden(LOWERS)
    neurons.resize(480, 200)
    assert neurons.table.isColumnHidden(LOWERS)
    tip = neurons.table.model().index(0, RAISES).data(Qt.ItemDataRole.ToolTipRole)
    assert "lowers so" in tip


def test_that_words_are_never_markup(neurons: NeuronTable) -> None:
    tip = neurons.table.model().index(1, RAISES).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;bold" in tip and "<b>" not in tip


def test_that_each_strip_has_its_own_limit_and_its_tokens_their_places(shown, qapp) -> None:
    apply_theme(qapp, "light")
    view = shown(AccountTable(), 480, 120)
    tokens = np.array([0, 0, 0, -0.001, 0, 0, 0, 0], np.float32)
    large = np.array([5, 0, 0, 0, 0, 0, 0, 0], np.float32)
    view.show_account(
        [AccountRow("all", 5, large, 5.0, is_whole=True), AccountRow("part", -0.001, tokens, 0.001)], "behind", Ramp()
    )
    picture = view.viewport().grab().toImage()
    for row, token, is_red in ((0, 0, True), (1, 3, False)):
        area = view.visualRect(view.model().index(row, STRIP)).adjusted(8, 0, -8, 0)
        width = min(area.width(), 288)
        seen = picture.pixelColor(area.left() + round((token + 0.5) * width / 8), area.center().y())
        other = picture.pixelColor(area.left() + round(6.5 * width / 8), area.center().y())
        assert (seen.red() > seen.blue()) == is_red and seen.lightness() < 120
        assert other.lightness() > 250


def test_that_only_what_is_a_part_of_the_model_can_be_chosen(shown, qtbot) -> None:
    view = shown(AccountTable(), 480, 120)
    view.show_account([AccountRow("all", 5, is_whole=True), AccountRow("3.1", 1, can_be_chosen=True)], "x", Ramp())
    with qtbot.assertNotEmitted(view.row_chosen):
        view.selectRow(0)
    with qtbot.waitSignal(view.row_chosen) as chosen:
        view.selectRow(1)
    assert chosen.args == [1]


def test_that_the_lens_has_the_last_layer_on_top_and_its_rows_are_layers(shown, qtbot) -> None:
    view = shown(LensTable(), 480, 120)
    view.show_layers([LensRow(layer, ("“3”", "“5”"), 9 - layer, 1.5, None) for layer in range(4)], "“3”")
    texts = [[view.rows.text(row, column) for column in range(5)] for row in range(view.rows.rowCount(QModelIndex()))]
    assert texts[0] == ["3", "“3”  “5”", "6", "1.50", "–"] and [row[0] for row in texts] == ["3", "2", "1", "0"]
    with qtbot.assertNotEmitted(view.row_chosen):
        view.set_layer(1)
    assert view.layer_at(view.selectionModel().selectedRows()[0].row()) == 1
    view.set_layer(None)
    assert not view.selectionModel().hasSelection()
