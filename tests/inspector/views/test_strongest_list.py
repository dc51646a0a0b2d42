from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTableView

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from engine.reading.numbers import fixed
from engine.reading.units import units_of
from inspector.look.numbers import decimals_beside
from inspector.look.theme import apply_theme
from inspector.views.tokens.strongest_list import StrongestList
from inspector.views.tokens.token_context import in_context
from tests.inspector.views.prompt_tokens import tokens_of

TOKENS = tokens_of("<s>", "route", " up", " to", " ", "8", ",", "3", "2", "0", " m", ".", "\n", "In", " reached")
VALUES = np.linspace(-0.3, 1.1, len(TOKENS)).astype(np.float32)


@pytest.fixture
def listed(shown, qapp) -> StrongestList:
    apply_theme(qapp, "light")
    view = shown(StrongestList(), 280, 300)
    show(view, VALUES)
    return view


def show(view: StrongestList, values: np.ndarray, unit: str = "token") -> None:
    units = units_of(TOKENS, unit)
    view.show_relevance(TOKENS, units, units.merged(values), 1.0, Ramp(), unit)
    QApplication.processEvents()


def table_of(view: StrongestList) -> QTableView:
    return view.findChild(QTableView)


def painted(view: StrongestList) -> QImage:
    """The table without the frame of the focus."""
    table_of(view).clearFocus()
    return table_of(view).viewport().grab().toImage()


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (7, (" up to 8,", "3", "20 m")),  # whole tokens within ten characters
        (5, ("up to ", "8", ",320")),
        (2, ("route ", "up", " to")),
        (4, ("route up to", "·", "8,32")),
        (12, (" 8,320 m.", "↵", "In")),
        (13, ("", "In", "")),
        (0, ("", "<s>", "")),
    ],
)
def test_that_a_token_stands_among_whole_tokens_of_its_line(place: int, expected: tuple[str, str, str]):
    found = in_context(TOKENS, range(place, place + 1))
    assert found[1] == expected[1]
    assert len(found[0]) <= 11 and len(found[2]) <= 4
    assert found[0].strip() in "route up to 8,320 m." and (found[2] == expected[2] or place in (2, 5))


def test_that_the_largest_of_either_sign_come_first_and_the_rest_and_the_sum_last(listed: StrongestList):
    rows = listed.texts()
    values = [float(row[2].replace("−", "-")) for row in rows]
    assert [row[0] for row in rows[:3]] == ["1", "2", "3"]
    assert rows[0][1].endswith("reached") and rows[0][2] == "+1.10"
    assert rows[-1][1] == "sum" and rows[-1][3] == "100 %"
    assert rows[-2][1] == f"{len(TOKENS) - len(rows) + 2} others"
    sizes = [abs(value) for value in values[:-2]]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("height", [120, 260, 300, 420, 900])
def test_that_rows_add_up_to_the_sum_however_many_there_is_room_for(listed: StrongestList, height: int):
    listed.resize(280, height)
    QApplication.processEvents()
    ranking = listed._rows.ranking
    count = listed._rows.listed
    assert count >= 5
    apart = float(ranking.values[ranking.order[:count]].sum(dtype=np.float64))
    assert apart + ranking.others(count) == ranking.total == float(VALUES.sum(dtype=np.float64))
    assert len(listed.texts()) == count + 1 + (count < len(VALUES))
    if height >= 300:
        assert listed.texts()[-1][1] == "sum"
        table = table_of(listed)
        assert table.viewport().rect().contains(table.visualRect(table.model().index(len(listed.texts()) - 1, 1)))


def test_that_a_taller_list_has_more_rows(listed: StrongestList):
    before = len(listed.texts())
    listed.resize(280, 400)
    QApplication.processEvents()
    assert len(listed.texts()) == before + 4


def test_that_a_row_chosen_by_key_or_click_says_its_token(listed: StrongestList, qtbot):
    said = []
    listed.chosen.connect(said.append)
    table = table_of(listed)
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(0, 1)).center()
    )
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert said[0] == 14 and said[-1] == 13
    QTest.keyClick(table, Qt.Key.Key_End)
    last = table.model().index(table.model().rowCount() - 1, 1)
    assert not table.selectionModel().isSelected(last)  # the sum is no token


def test_that_the_cursor_chooses_its_row_without_a_word(listed: StrongestList, qtbot):
    table = table_of(listed)
    with qtbot.assertNotEmitted(listed.chosen):
        listed.set_current(13)
    assert [index.row() for index in table.selectionModel().selectedRows()] == [1]
    with qtbot.assertNotEmitted(listed.chosen):
        show(listed, -VALUES[::-1].copy())
        listed.set_current(int(listed._rows.ranking.order[-1]))
    assert [index.row() for index in table.selectionModel().selectedRows()] == []


def test_that_a_token_lies_on_its_own_colour(listed: StrongestList):
    table = table_of(listed)
    image = table.viewport().grab().toImage()
    cell = table.visualRect(table.model().index(0, 1))
    colour = colours(VALUES[[14]], 1.0, Ramp())[0]
    found = [image.pixelColor(x, cell.center().y()).getRgb()[:3] for x in range(cell.left(), cell.right())]
    assert tuple(colour.tolist()) in found


def test_that_words_are_listed_as_words(listed: StrongestList):
    show(listed, VALUES, "word")
    assert any("8,320" in row[1] for row in listed.texts())
    assert listed.texts()[-1][2] == fixed(float(VALUES.sum(dtype=np.float64)), 2)
    said = []
    listed.chosen.connect(said.append)
    row = next(i for i, row in enumerate(listed.texts()) if "8,320" in row[1])
    table_of(listed).selectRow(row)
    assert said == [9]


def test_that_a_screen_reader_hears_the_token_and_where_it_stands(listed: StrongestList):
    cell = table_of(listed).model().index(0, 1)
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == "“reached” in In reached"
    assert table_of(listed).accessibleName() == "Strongest tokens"


def test_that_a_sum_near_zero_has_no_shares(listed: StrongestList):
    values = np.zeros(len(TOKENS), np.float32)
    values[2:4] = 1, -1
    show(listed, values)
    assert {row[3] for row in listed.texts()} == {"–"}


def test_that_nothing_is_listed_of_nothing(listed: StrongestList):
    listed.clear()
    assert listed.texts() == []


@pytest.mark.parametrize(
    ("largest", "decimals"), [(33.4, 2), (1.0, 2), (0.5, 2), (0.05, 3), (0.0012, 4), (0.0, 2), (1e-12, 6), (np.nan, 2)]
)
def test_that_a_column_has_the_digits_that_its_largest_needs(largest: float, decimals: int):
    assert decimals_beside(largest) == decimals


def test_that_the_focus_alone_chooses_nothing(listed: StrongestList, qtbot):
    with qtbot.assertNotEmitted(listed.chosen):
        listed.clearFocus()
        table_of(listed).setFocus()


def test_that_a_row_is_seen_to_be_chosen(listed: StrongestList):
    before = listed.grab().toImage()
    seen = []
    for token in (13, 14, -1):
        listed.set_current(token)
        QApplication.processEvents()
        seen.append(listed.grab().toImage())
    assert seen[0] != before and seen[1] != seen[0] and seen[2] == before


def test_that_other_values_of_a_text_stand_in_the_same_rows(listed: StrongestList, qtbot, shown):
    listed.set_current(13)
    with qtbot.assertNotEmitted(table_of(listed).model().modelReset):
        show(listed, VALUES[::-1].copy())
    row = listed._rows.row_of_token(13)
    assert [index.row() for index in table_of(listed).selectionModel().selectedRows()] == ([] if row is None else [row])
    listed.set_current(-1)
    fresh = shown(StrongestList(), 280, 300)
    show(fresh, VALUES[::-1].copy())
    assert listed.texts() == fresh.texts()
    assert painted(listed) == painted(fresh)


def test_that_tokens_are_cut_anew_where_there_is_another_width(listed: StrongestList, shown):
    listed.resize(180, 300)
    QApplication.processEvents()
    fresh = shown(StrongestList(), 180, 300)
    show(fresh, VALUES)
    assert painted(listed) == painted(fresh)
