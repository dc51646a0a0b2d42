"""What a screen reader finds in the window: every stop has a name, and what is painted is there as items."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFormLayout, QLabel, QWidget

from engine.protocol.looks import Ramp
from inspector.views.layers.layer_map import LayerMap
from inspector.views.tokens.token_strip import TokenStrip
from inspector.window import Window
from tests.inspector.test_keyboard import DIALOGS, STATES, first_stop, name_of, walked
from tests.inspector.views.prompt_tokens import tokens_of

_IN_VIEWS = (QAccessible.Role.ListItem, QAccessible.Role.Cell, QAccessible.Role.TreeItem)
_LABEL, _FIELD = QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole
NAME, VALUE, DESCRIPTION = QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description


def focusable(found: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """All in the tree that takes the keys, but for what is in lists, tables and trees."""
    if found.role() in _IN_VIEWS:
        return
    if found.state().focusable and not found.state().invisible:
        yield found
    for index in range(found.childCount()):
        child = found.child(index)
        if child is not None and child.isValid():
            yield from focusable(child)


def nameless(window: QWidget) -> list[QWidget]:
    return [each.object() for each in focusable(read(window)) if not each.text(NAME) and not name_of(each.object())]


def takes_tab(widget: QWidget | None) -> bool:
    return widget is not None and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def labels_of_fields(window: QWidget) -> list[QLabel]:
    """The labels before the fields of forms, where they are shown."""
    rows = [(form, row) for form in window.findChildren(QFormLayout) for row in range(form.rowCount())]
    items = [(form.itemAt(row, _LABEL), form.itemAt(row, _FIELD)) for form, row in rows]
    pairs = [(label.widget(), field.widget()) for label, field in items if label is not None and field is not None]
    return [label for label, field in pairs if label is not None and label.text() and not isinstance(field, QLabel)]


@pytest.mark.parametrize("become", STATES)
def test_that_all_that_takes_the_keys_has_a_name_unlike_that_of_the_stop_before(window, worker, become):
    become(window, worker)
    assert [
        each.object() for each in focusable(read(window)) if not each.text(NAME) and not name_of(each.object())
    ] == []
    first_stop(window).setFocus()
    names = [name_of(each) for each in walked(window)]
    assert len(names) > 10
    assert [name for name, before in zip(names, names[-1:] + names[:-1], strict=True) if name == before] == []


@pytest.mark.parametrize("make", DIALOGS.values(), ids=DIALOGS)
def test_that_labels_in_dialogs_are_those_of_their_fields(qtbot, make):
    dialog = make()
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    assert [
        each.object() for each in focusable(read(dialog)) if not each.text(NAME) and not name_of(each.object())
    ] == []
    assert [label.text() for label in labels_of_fields(dialog) if not takes_tab(label.buddy())] == []


@pytest.fixture
def listened(qapp: QApplication) -> Iterator[None]:
    """With somebody who listens: else Qt tells nothing."""
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def read(thing: object) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(thing)


def items_of(thing: object) -> list[QAccessibleInterface]:
    found = read(thing)
    children = [found.child(index) for index in range(found.childCount())]
    return [each for each in children if each.role() == QAccessible.Role.ListItem]


def test_that_every_token_is_an_item_with_its_value(window: Window):
    text = window.study.scene.text
    items = items_of(window.relevance.strip)
    assert [each.text(NAME) for each in items] == [f"“{token.label}”" for token in text.tokens]
    values = [float(each.text(VALUE).split()[0].replace("−", "-")) for each in items]
    assert values == pytest.approx(text.unit_values.tolist(), abs=0.006)
    assert "position 3" in items[3].text(DESCRIPTION)


def test_that_words_are_items_where_words_are_on_show(window: Window):
    window.commands["unit.sentence"].trigger()
    assert len(items_of(window.relevance.strip)) == len(window.study.scene.text.unit_values)


def test_that_every_cell_of_the_map_is_an_item_with_its_layer_and_value(window: Window):
    relevance = window.study.shown.relevance
    items = items_of(window.layers.text.map)
    rows = np.concatenate((relevance.input[None], relevance.layers))
    assert len(items) == rows.size
    assert items[0].text(NAME) == f"“{relevance.tokens[0].label}” at the input"
    last = items[-1]
    assert last.text(NAME) == f"“{relevance.tokens[-1].label}” at layer {len(relevance.layers) - 1}"
    assert float(last.text(VALUE).split()[0].replace("−", "-")) == pytest.approx(rows[-1, -1], abs=0.006)


def test_that_items_are_found_where_they_are_painted(window: Window):
    for view in (window.relevance.strip, window.layers.text.map):
        found, items = read(view), items_of(view)
        for index in (0, 3, len(items) - 1):
            at = items[index].rect().center()
            assert found.indexOfChild(found.childAt(at.x(), at.y())) == index
            assert found.indexOfChild(items[index]) == index
            assert items[index].parent().object() is view


def test_that_the_item_under_the_cursor_has_the_keys(window: Window, listened: None):
    strip = window.relevance.strip
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_N)
    found = read(strip)
    assert found.indexOfChild(found.focusChild()) == strip.current()
    states = [each.state() for each in items_of(strip)]
    assert [bool(state.focused) for state in states].index(True) == strip.current()
    assert sum(bool(state.selected) for state in states) == 1


def test_that_items_say_what_is_at_their_place_now_and_nothing_once_there_is_none(window: Window):
    strip = window.relevance.strip
    item = items_of(strip)[3]
    before = item.text(VALUE)
    window.commands["layer.output"].trigger()
    assert item.text(VALUE) != before and item.isValid()
    strip.clear()
    assert not item.isValid() and item.state().invalid and item.text(NAME) == ""
    assert items_of(strip) == []


def test_that_views_and_their_items_come_and_go_while_somebody_listens(qapp: QApplication, listened: None):
    tokens = tokens_of("In", " 1922", " the", " British", " expedition")
    for _ in range(40):
        strip, plot = TokenStrip(), LayerMap()
        strip.show_relevance(tokens, np.ones(len(tokens)), 1.0, Ramp())
        rows = np.ones((3, len(tokens)), np.float32)
        plot.show_layers(rows, rows[0], 1.0, np.ones(4), Ramp(), [token.label for token in tokens])
        kept = []
        for view in (strip, plot):
            view.show()
            view.setFocus()
            assert len(items_of(view)) >= len(tokens)
            kept += items_of(view)[:2]
            QTest.keyClick(view, Qt.Key.Key_Right)
            view.deleteLater()
        del strip, plot, view
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
    assert QApplication.focusWidget() is None or QApplication.focusWidget().isVisible()
