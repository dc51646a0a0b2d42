import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from inspector.views.gammas.explore_grid import ExploreGrid
from inspector.views.gammas.gamma_list import read_gammas

_CONV, _LINEAR = (0.0, 0.25), (0.0, 0.05, 1.0)
_RELEVANCE = np.array([[1, -0.5], [0.25, 0]], np.float32)


@pytest.fixture
def grid(shown) -> ExploreGrid:
    grid = shown(ExploreGrid(), 520, 420)
    grid.set_axes(_CONV, _LINEAR)
    return grid


def _colour(grid: ExploreGrid, row: int, column: int) -> np.ndarray:
    """In the middle of the upper left pixel of a heatmap of two by two."""
    place = grid._table.heatmap_rect(row, column)
    point = place.topLeft() + (place.center() - place.topLeft()) / 2
    return np.array(grid._table.grab().toImage().pixelColor(point).getRgb()[:3])


def test_that_a_cell_shows_its_heatmap_and_no_other_does(grid: ExploreGrid):
    waiting = _colour(grid, 0, 0)
    grid.set_cell(1, 2, _RELEVANCE, 2.0, Ramp("bwr"))
    assert (_colour(grid, 1, 2) == colours(np.array(1.0), 2.0, Ramp("bwr"))).all()
    assert (_colour(grid, 0, 0) == waiting).all()


def test_that_new_axes_make_every_cell_wait_again(grid: ExploreGrid):
    waiting = _colour(grid, 1, 2)
    grid.set_cell(1, 2, _RELEVANCE, 2.0, Ramp("bwr"))
    grid.set_axes(_CONV, _LINEAR)
    assert (_colour(grid, 1, 2) == waiting).all()


def test_that_a_click_says_which_cell(grid: ExploreGrid, qtbot: QtBot):
    with qtbot.waitSignal(grid.cell_clicked) as signal:
        qtbot.mouseClick(grid._table, Qt.MouseButton.LeftButton, pos=grid._table.heatmap_rect(1, 2).center())
    assert signal.args == [1, 2]


def test_that_cells_are_walked_and_chosen_by_keys(grid: ExploreGrid, qtbot: QtBot):
    chosen = []
    grid.cell_clicked.connect(lambda row, column: chosen.append((row, column)))
    for key in ("Right", "Down", "Down", "Return", "End", "Space", "Home", "Up", "Enter"):
        qtbot.keyClick(grid._table, getattr(Qt.Key, f"Key_{key}"))
    assert chosen == [(1, 1), (1, 2), (0, 0)]


def test_that_the_current_cell_is_said_in_words(grid: ExploreGrid, qtbot: QtBot):
    table = grid._table
    assert table.accessibleDescription() == "conv 0, linear 0, not computed yet"
    qtbot.keyClick(table, Qt.Key.Key_Down)
    grid.set_cell(1, 0, _RELEVANCE, 1.0, Ramp("bwr"))
    assert table.accessibleDescription() == "conv 0.25, linear 0"
    grid.set_rating(1, 0, 0.4321)
    grid.mark_best(1, 0)
    assert table.accessibleDescription() == "conv 0.25, linear 0, best 0.43"


def test_that_one_cell_alone_is_the_best(grid: ExploreGrid):
    plain = grid._table.grab().toImage()
    grid.mark_best(0, 1)
    first = grid._table.grab().toImage()
    grid.mark_best(1, 1)
    edges = [grid._table.heatmap_rect(row, 1).topLeft() - QPoint(1, 1) for row in (0, 1)]
    seen = grid._table.grab().toImage()
    assert [first.pixel(edge) != plain.pixel(edge) for edge in edges] == [True, False]
    assert [seen.pixel(edge) != plain.pixel(edge) for edge in edges] == [False, True]


def _enter(qtbot: QtBot, grid: ExploreGrid, text: str) -> None:
    grid._conv.setFocus()
    grid._conv.selectAll()
    qtbot.keyClicks(grid._conv, text)
    qtbot.keyClick(grid._conv, Qt.Key.Key_Return)


def test_that_axes_can_be_written(grid: ExploreGrid, qtbot: QtBot):
    with qtbot.waitSignal(grid.axes_changed) as signal:
        _enter(qtbot, grid, "0.1, 1 ,10, 1")
    assert signal.args == [(0.1, 1.0, 10.0), _LINEAR]
    assert grid.axes() == ((0.1, 1.0, 10.0), _LINEAR)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0.1, many", "“many” is not a number from 0"),
        ("-1", "“-1” is not a number from 0"),
        ("nan", "“nan” is not"),
        (" ,", "at least one number"),
        (",".join(map(str, range(13))), "13 numbers; 12 fit"),
    ],
)
def test_that_what_cannot_be_read_is_named_and_changes_nothing(
    grid: ExploreGrid, qtbot: QtBot, text: str, problem: str
):
    with qtbot.assertNotEmitted(grid.axes_changed):
        _enter(qtbot, grid, text)
    assert problem in grid._problem.text()
    assert grid._problem.isVisible()
    assert grid.axes() == (_CONV, _LINEAR)


def test_that_the_same_axes_are_not_told_again(grid: ExploreGrid, qtbot: QtBot):
    grid.set_cell(0, 0, _RELEVANCE, 2.0, Ramp("bwr"))
    shown = _colour(grid, 0, 0)
    with qtbot.assertNotEmitted(grid.axes_changed):
        _enter(qtbot, grid, "0, .25")
    assert (_colour(grid, 0, 0) == shown).all()


def test_that_commas_and_spaces_separate_gammas():
    assert read_gammas("0, 1e-3; .25 2.") == (0.0, 0.001, 0.25, 2.0)


def test_that_a_cell_beyond_the_edge_is_scrolled_into_view(shown, qtbot: QtBot):
    grid = shown(ExploreGrid(), 300, 260)
    grid.set_axes(tuple(map(float, range(10))), tuple(map(float, range(10))))
    qtbot.keyClick(grid._table, Qt.Key.Key_End)
    place = grid._table.heatmap_rect(0, 9).translated(grid._table.pos())
    assert grid._area.viewport().rect().contains(place)


def test_that_an_empty_grid_says_what_to_do(shown):
    grid = shown(ExploreGrid())
    assert grid._table.accessibleDescription().startswith("Write the gammas to compare")
