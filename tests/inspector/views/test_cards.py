"""A card says what is under the pointer now, and is gone with what it was about."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget

from engine.protocol.looks import Ramp
from inspector.look.card import Card
from inspector.views.layers.answer_matrix import AnswerMatrix
from inspector.views.layers.layer_map import LayerMap
from inspector.views.layers.plot_view import PlotView
from inspector.views.tokens.token_strip import TokenStrip
from tests.inspector.views.prompt_tokens import tokens_of

LABELS = ["a", "b", "c", "d"]


def map_of(view: LayerMap, value: float, tokens: int = 4) -> None:
    rows = np.full((3, tokens), value, np.float32)
    view.show_layers(rows[1:], rows[0], 1.0, np.ones(3), Ramp("bwr"), LABELS[:tokens])


def matrix_of(view: AnswerMatrix, value: float, tokens: int = 4) -> None:
    view.show_matrix(np.full((2, tokens), value, np.float32), np.ones(2), tokens - 2, np.ones(2), Ramp("bwr"), LABELS)


VIEWS = [(LayerMap, map_of), (AnswerMatrix, matrix_of)]


def point_at(view: PlotView, row: int, token: int) -> None:
    plots = view._plots
    at = plots.mapToScene(plots.viewport().mapFrom(view, view._cell_rect(row, token).center()))
    plots.scene().sigMouseMoved.emit(at)


@pytest.mark.parametrize(("kind", "show"), VIEWS)
def test_that_a_card_of_a_plot_follows_the_values_under_a_pointer_that_rests(shown, kind, show):
    view = shown(kind())
    show(view, 1.0)
    point_at(view, 1, 0)
    assert "+1.00 logits" in view._card.texts() and "+4.00 logits" in view._card.texts()
    show(view, 2.0)
    assert "+2.00 logits" in view._card.texts() and "+8.00 logits" in view._card.texts()
    assert view._card.isVisible()


@pytest.mark.parametrize(("kind", "show"), VIEWS)
def test_that_a_card_of_a_plot_names_the_token_that_a_shorter_prompt_has_there(shown, kind, show):
    view = shown(kind())
    show(view, 1.0, 4)
    point_at(view, 1, 3)
    show(view, 1.0, 3)
    assert "“c”" in view._card.texts()[0]


@pytest.mark.parametrize(("kind", "show"), VIEWS)
def test_that_a_card_is_gone_with_the_plot_and_does_not_come_back_by_itself(shown, kind, show):
    view = shown(kind())
    show(view, 1.0)
    point_at(view, 1, 0)
    view.clear()
    assert not view._card.isVisible()
    show(view, 1.0)
    assert not view._card.isVisible()


def test_that_a_card_of_a_plot_follows_zooming(shown):
    view = shown(LayerMap())
    values = np.tile(np.arange(100, dtype=np.float32), (3, 1))
    view.show_layers(values[1:], values[0], 1.0, np.ones(3), Ramp("bwr"), [str(n) for n in range(100)])
    point_at(view, 1, 0)
    assert view._card.texts()[0] == "“0”"
    view._plots._map.setXRange(49.5, 99.5, padding=0)
    assert view._card.texts()[0] == "“50”"


def test_that_a_card_opened_by_the_keys_follows_the_values_of_its_token(shown, qtbot):
    strip = shown(TokenStrip())
    strip.show_relevance(tokens_of("a", "b"), np.array([1.0, 3.0]), 3.0, Ramp("bwr"))
    strip.set_current(0)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert "+3.00 logits" in strip._card.texts()
    strip.show_relevance(tokens_of("a", "b"), np.array([1.0, 2.0]), 3.0, Ramp("bwr"))
    assert strip._card.isVisible() and "+2.00 logits" in strip._card.texts()


def test_that_a_card_is_gone_when_its_token_is_scrolled_away(shown, qtbot):
    strip = shown(TokenStrip(), 200, 80)
    words = [f"word{n} " for n in range(200)]
    strip.show_relevance(tokens_of(*words), np.ones(200), 1.0, Ramp("bwr"))
    strip.set_current(0)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip._card.isVisible()
    strip.verticalScrollBar().setValue(strip.verticalScrollBar().maximum())
    assert not strip._card.isVisible()


@pytest.mark.parametrize("end", [QEvent.Type.WindowDeactivate, QEvent.Type.Hide])
def test_that_a_card_goes_with_its_parent(shown, end):
    parent = shown(QWidget())
    card = Card(parent)
    card.show_near(QRect(0, 0, 10, 10), "title", [("name", "value")])
    assert card.isVisible()
    if end is QEvent.Type.Hide:
        parent.hide()
    else:
        QApplication.sendEvent(parent, QEvent(end))
    assert not card.isVisible()


def test_that_every_pixel_of_a_card_is_painted(shown):
    """What is not would be black where nothing composes the screen."""
    parent = shown(QWidget())
    card = Card(parent)
    card.show_near(QRect(0, 0, 10, 10), "title", [("name", "value")])
    image = card.grab().toImage()
    right, bottom = image.width() - 1, image.height() - 1
    for place in ((0, 0), (right, 0), (0, bottom), (right, bottom)):
        assert image.pixelColor(*place).alpha() == 255
    assert not card.testAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)


def test_that_a_pointer_that_left_calls_no_card_back(shown):
    view = shown(LayerMap())
    map_of(view, 1.0)
    point_at(view, 1, 0)
    QApplication.sendEvent(view._plots, QEvent(QEvent.Type.Leave))
    map_of(view, 2.0)
    assert not view._card.isVisible()
