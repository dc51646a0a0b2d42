import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector.views.gammas.gamma_panel import GammaPanel
from inspector.views.gammas.gamma_scale import LAST, gamma_at, place_of


@pytest.fixture
def panel(shown) -> GammaPanel:
    panel = shown(GammaPanel(), 320, 110)
    panel.set_values(0.25, 0.05, "cp")
    return panel


def test_that_the_scale_goes_from_nothing_through_the_powers_of_ten():
    assert gamma_at(0) == 0
    assert [gamma_at(1 + 20 * decade) for decade in range(6)] == [0.001, 0.01, 0.1, 1, 10, 100]
    assert gamma_at(LAST) == 100


def test_that_every_place_of_the_scale_is_its_gamma_s():
    assert [place_of(gamma_at(place)) for place in range(LAST + 1)] == list(range(LAST + 1))
    assert place_of(5e4) == LAST
    assert place_of(0.0001) == 0


def test_that_set_values_is_silent(panel: GammaPanel, qtbot: QtBot):
    with qtbot.assertNotEmitted(panel.changed, wait=400):
        panel.set_values(1.5, 0, "attnlrp")
    assert panel.values() == (1.5, 0, "attnlrp")


def test_that_a_number_between_the_places_of_the_slider_stays_as_it_is(panel: GammaPanel):
    panel.set_values(0.123456, 250000, "cp")
    assert panel.values() == (0.123456, 250000, "cp")
    assert panel._linear.slider.value() == LAST


def test_that_changes_are_told_once_when_the_slider_rests(panel: GammaPanel, qtbot: QtBot):
    told = []
    panel.changed.connect(lambda *values: told.append(values))
    for place in (30, 41, 61):
        panel._conv.slider.setValue(place)
    assert told == []
    qtbot.waitUntil(lambda: told == [(1.0, 0.05, "cp")])


def test_that_a_number_can_be_typed(panel: GammaPanel, qtbot: QtBot):
    field = panel._linear.field
    field.setFocus()
    field.selectAll()
    with qtbot.waitSignal(panel.changed) as signal:
        qtbot.keyClicks(field, "0.0125")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert signal.args == [0.25, 0.0125, "cp"]
    assert field.text() == "0.0125"


def test_that_attention_is_told_by_its_name(panel: GammaPanel, qtbot: QtBot):
    with qtbot.waitSignal(panel.changed) as signal:
        panel._attention.setCurrentText("AttnLRP")
    assert signal.args == [0.25, 0.05, "attnlrp"]


def test_that_what_is_taken_back_in_time_is_not_told(panel: GammaPanel, qtbot: QtBot):
    with qtbot.assertNotEmitted(panel.changed, wait=400):
        panel._conv.field.setValue(3)
        panel._conv.field.setValue(0.25)


def test_that_known_values_take_no_change_back_that_is_not_told_yet(panel: GammaPanel, qtbot: QtBot):
    with qtbot.waitSignal(panel.changed) as signal:
        panel._conv.field.setValue(3)
        panel.set_values(0.25, 0.05, "cp")
    assert signal.args == [3, 0.05, "cp"]


def test_that_explore_is_asked_for(panel: GammaPanel, qtbot: QtBot):
    with qtbot.waitSignal(panel.explore_requested):
        qtbot.mouseClick(panel._explore, Qt.MouseButton.LeftButton)
