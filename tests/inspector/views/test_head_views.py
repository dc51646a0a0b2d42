"""Heads in a grid, in a list, and one from query to key."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.protocol.looks import Ramp
from engine.reading.colours import GROUNDS, colours, rgb_of
from inspector.views.inside.head_facts import HeadFacts
from inspector.views.inside.head_grid import HeadGrid
from inspector.views.inside.head_list import HeadList
from inspector.views.inside.head_matrix import HeadMatrix, Matrix
from inspector.views.inside.head_rows import LOGITS
from inspector.views.inside.matrix_cells import NOTHING
from inspector.views.inside.matrix_strongest import strongest_of
from tests.inspector.views.prompt_tokens import tokens_of

TOKENS = tokens_of("In", " 1922", " they", " reached", " 8", ",")
RELEVANCE = np.array([[0.5, -2.0, 0.0], [1.0, 0.25, np.nan], [3.0, -0.125, 0.75]], np.float32)
RAMP = Ramp()


def facts_of(relevance: np.ndarray = RELEVANCE) -> HeadFacts:
    """Each head gave one token five quarters of what it holds, and took a quarter back from the first."""
    gave = np.zeros((*relevance.shape, len(TOKENS)), np.float32)
    gave[..., 3] = 1.25 * relevance
    gave[..., 0] = -0.25 * relevance
    return HeadFacts(relevance, gave, TOKENS)


@pytest.fixture
def grid(qtbot) -> HeadGrid:
    view = HeadGrid()
    qtbot.addWidget(view)
    view.resize(200, 140)
    view.show_heads(facts_of(), 3.0, RAMP)
    view.show()
    return view


def pixel(grid: HeadGrid, place: tuple[int, int]) -> tuple[int, int, int]:
    at = grid.cell_rect(place).center()
    return grid.grab().toImage().pixelColor(at).getRgb()[:3]


def test_that_a_cell_has_its_colour_and_zero_has_none(grid):
    for place in ((2, 0), (0, 1), (1, 1)):
        assert pixel(grid, place) == tuple(colours(RELEVANCE[place], 3.0, RAMP).tolist())
    assert pixel(grid, (0, 2)) == tuple(rgb_of(GROUNDS["light"]).tolist())


def test_that_the_first_block_is_at_the_bottom_and_the_first_head_left(grid):
    assert grid.cell_rect((0, 0)).top() > grid.cell_rect((2, 0)).bottom()
    assert grid.cell_rect((0, 0)).right() < grid.cell_rect((0, 1)).left()


def test_that_cells_are_24_by_8_at_least_however_many_there_are(grid):
    grid.show_heads(facts_of(np.ones((64, 40), np.float32)), 1.0, RAMP)
    size = grid.cell_size()
    assert (size.width(), size.height()) == (24, 8)
    assert grid.minimumHeight() >= 64 * 8 and grid.minimumWidth() >= 40 * 24


def test_that_arrow_keys_walk_from_the_largest_head_and_stop_where_there_is_none(grid):
    chosen = []
    grid.chosen.connect(lambda *place: chosen.append(place))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(grid, key)
    assert chosen == [(2, 0), (2, 1), (2, 2)]  # 1.2 does not exist
    QTest.keyClick(grid, Qt.Key.Key_Left)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert chosen[-1] == (1, 1)


def test_that_a_click_chooses_the_head_under_it(grid):
    chosen = []
    grid.chosen.connect(lambda *place: chosen.append(place))
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect((1, 0)).center())
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect((1, 2)).center())
    assert chosen == [(1, 0)] and grid.current() == (1, 0)


def test_that_a_card_says_what_a_head_holds_and_where_it_gave_most(grid):
    hovered = []
    grid.hovered.connect(hovered.append)
    QTest.mouseMove(grid, grid.cell_rect((2, 0)).center())
    assert grid.findChild(type(grid._card)).texts()[:2] == [
        "head 2.0: +3.00 logits",
        "125 % of it at “reached” in “1922 they reached 8,”",
    ]
    assert hovered == [3]


def listed(order_clicks: int, height: int = 400) -> HeadList:
    view = HeadList()
    view.resize(420, height)
    view.show_heads(facts_of(), 3.0, RAMP, 2.0)
    view.show()
    for _ in range(order_clicks):
        view.horizontalHeader().sectionClicked.emit(LOGITS)
    return view


@pytest.mark.parametrize(
    ("clicks", "heads"),
    [(0, ["2.0", "0.1", "1.0"]), (1, ["2.0", "1.0", "2.2"]), (2, ["0.1", "2.1", "0.2"]), (3, ["2.0", "0.1", "1.0"])],
)
def test_that_a_click_on_the_heading_goes_from_size_to_for_to_against(qtbot, clicks, heads):
    view = listed(clicks)
    qtbot.addWidget(view)
    assert [row[1] for row in view.texts()[:3]] == heads


def test_that_the_list_ends_with_the_others_and_the_sum(qtbot):
    view = listed(0, height=view_height_of(3))
    qtbot.addWidget(view)
    texts = view.texts()
    assert [row[1:4] for row in texts[-2:]] == [("5 others", "+1.38", "69 %"), ("sum", "3.38", "169 %")]
    assert len(texts) == 5


def view_height_of(rows: int) -> int:
    return HeadList().horizontalHeader().sizeHint().height() + (rows + 2) * 24 + 4


def test_that_strongest_others_and_sums_lose_nothing():
    random = np.random.default_rng(0)
    whole = np.tril(random.normal(size=(40, 40))).astype(np.float32)
    found = strongest_of(whole, 7, 5, 6)
    assert 7 in found.queries and len(found.queries) == 5 and len(found.keys) == 6
    assert list(found.queries) == sorted(found.queries, reverse=True) and list(found.keys) == sorted(found.keys)
    assert np.isclose(found.cells.sum(), whole.sum(dtype=np.float64))
    assert np.allclose(found.cells.sum(axis=1), found.of_queries) and np.allclose(
        found.cells.sum(axis=0), found.to_keys
    )
    assert np.allclose(found.of_queries[:-1], whole[list(found.queries)].sum(axis=1))
    assert found.others == (35, 34)


def test_that_rows_and_columns_without_relevance_are_others():
    whole = np.zeros((9, 9), np.float32)
    whole[5, 2], whole[6, 1] = 2.0, 0.001
    found = strongest_of(whole, None, 4, 4)
    assert found.queries == (5,) and found.keys == (2,)


@pytest.fixture
def matrix(qtbot) -> HeadMatrix:
    view = HeadMatrix()
    qtbot.addWidget(view)
    view.resize(420, 260)
    return view


def shown(view: HeadMatrix, are_weights: bool, pooled: bool = False) -> list[list[str]]:
    taken = np.zeros((6, 6), np.float32)
    taken[5, 1], taken[5, 3], taken[4, 1] = 1.5, -0.5, 0.25
    weights = np.tril(np.ones((6, 6), np.float32))
    weights /= weights.sum(axis=1, keepdims=True)
    labels, places = [token.label for token in TOKENS], [str(at) for at in range(6)]
    view.show_matrix(Matrix(taken, weights if are_weights else taken, labels, places, 5, RAMP, are_weights, pooled))
    model = view.cells
    return [[model.text(row, at) for at in range(model.columnCount())] for row in range(model.rowCount())]


def test_that_the_matrix_has_numbers_others_and_sums(matrix):
    assert shown(matrix, False) == [
        ["1.50", "−0.50", NOTHING, "1.00"],
        ["0.25", NOTHING, NOTHING, "0.25"],
        [NOTHING, NOTHING, NOTHING, NOTHING],
        ["1.75", "−0.50", NOTHING, "1.25"],
    ]
    assert [side.label for side in matrix.cells.columns] == [TOKENS[1].label, TOKENS[3].label, "4 others", "sum"]
    assert [side.place for side in matrix.cells.rows] == ["5", "4", "", ""]


def test_that_weights_are_of_the_same_tokens_and_sum_to_one_for_each_query(matrix):
    assert shown(matrix, True) == [["0.17", "0.17", "0.67", "1.00"], ["0.20", "0.20", "0.60", "1.00"]]


def test_that_a_pooled_matrix_has_no_sums(matrix):
    assert shown(matrix, False, pooled=True) == [["1.50", "−0.50"], ["0.25", NOTHING]]


def test_that_a_matrix_of_another_size_takes_the_place_of_one(matrix):
    matrix.show()
    for count in (30, 3, 30, 4):
        values = np.tril(np.ones((count, count), np.float32))
        names = [str(at) for at in range(count)]
        matrix.show_matrix(Matrix(values, values, names, names, count - 1, RAMP))
        matrix.grab()
        assert matrix.cells.rows[0].number == count - 1


def test_that_a_header_that_knows_of_the_matrix_before_is_told_nothing(matrix):
    shown(matrix, False)
    for side in (Qt.Orientation.Horizontal, Qt.Orientation.Vertical):
        assert matrix.cells.headerData(4, side) is None  # or Qt ends the program
