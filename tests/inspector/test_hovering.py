"""What is under the pointer in one view is marked in the others, and nothing is laid out or resolved for it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication, QGraphicsView, QTableView, QWidget

from inspector.look.theme import LIGHT
from inspector.window import Window


def move(widget: QWidget, point: QPoint) -> None:
    """Let the pointer come to a point of a widget, with no button pressed."""
    at = QPointF(point)
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, QPointF(widget.mapToGlobal(point)), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def leave(widget: QWidget) -> None:
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))


def plots(window: Window) -> QGraphicsView:
    return window.layers.text.map.findChild(QGraphicsView)


def marked_in_strip(window: Window) -> range:
    return window.relevance.strip._picture.marks.hovered


def marked_in_map(window: Window) -> int | None:
    """The column."""
    mark = plots(window)._pointed_token
    return round(mark.rect().center().x()) if mark.isVisible() else None


def marked_in_list(window: Window) -> int | None:
    return window.target.strongest._rows.pointed


def row_of(window: Window, token: int) -> int | None:
    return window.target.strongest._rows.row_of_token(token)


def strongest(window: Window) -> int:
    return window.target.strongest._token_at(0)


def hover_strip(window: Window, token: int) -> QWidget:
    strip = window.relevance.strip
    move(strip.viewport(), strip.token_rects(token)[0].center())
    return strip.viewport()


def hover_map(window: Window, token: int) -> QWidget:
    layers, view = window.layers.text.map, plots(window)
    at = view.viewport().mapFrom(layers, layers.cell_rect(2, token).center())
    view.scene().sigMouseMoved.emit(view.mapToScene(at))  # pyqtgraph leaves moves out that come within 10 ms
    return view


def hover_list(window: Window, token: int) -> QWidget:
    table = window.target.strongest.findChild(QTableView)
    move(table.viewport(), table.visualRect(table.model().index(row_of(window, token), 1)).center())
    return table.viewport()


@pytest.mark.parametrize("hover", [hover_strip, hover_map, hover_list])
def test_that_a_token_under_the_pointer_is_marked_everywhere_until_the_pointer_leaves(window: Window, hover):
    token, scene = strongest(window), window.study.scene
    layout = window.relevance.strip._picture.layout
    viewport = hover(window, token)
    assert list(marked_in_strip(window)) == [token]
    assert (marked_in_map(window), marked_in_list(window)) == (token, 0)
    assert window.study.scene is scene and window.relevance.strip._picture.layout is layout
    leave(viewport)
    assert list(marked_in_strip(window)) == []
    assert (marked_in_map(window), marked_in_list(window)) == (None, None)


@pytest.mark.parametrize("hover", [hover_strip, hover_map, hover_list])
def test_that_what_is_merged_is_marked_as_one(window: Window, hover):
    window.commands["unit.sentence"].trigger()
    QApplication.processEvents()  # the map is drawn in a turn of its own
    token = strongest(window)
    units = window.study.scene.text.units
    column = int(units.of_token[token])
    hover(window, column if hover is hover_map else token)
    assert marked_in_strip(window) == units.range_of(column) and len(marked_in_strip(window)) > 1
    assert (marked_in_map(window), marked_in_list(window)) == (column, 0)


def test_that_a_token_is_marked_in_both_answers(window: Window, worker):
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()
    hover_strip(window, 3)
    assert list(window.relevance.text.pinned._picture.marks.hovered) == [3]


def test_that_the_row_under_the_pointer_has_its_name_on_the_axis(window: Window):
    layers, view = window.layers.text.map, plots(window)

    def has_label() -> bool:
        cell = layers.cell_rect(2, 0)
        seen = layers.grab().toImage()
        ground = QColor(LIGHT.soft)
        return any(seen.pixelColor(x, cell.center().y()) == ground for x in range(4, cell.left()))

    assert not has_label()
    hover_map(window, 3)
    assert has_label()
    leave(view)
    assert not has_label()


def test_that_another_prompt_has_no_mark_of_the_pointer_of_before(window: Window, worker):
    hover_strip(window, 5)
    window.inquiry.type("one two")
    window.inquiry.explain()
    worker.answer()
    QApplication.processEvents()
    assert marked_in_map(window) is None and marked_in_list(window) is None
    assert list(marked_in_strip(window)) == []
