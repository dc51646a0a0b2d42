"""Every widget is reached with Tab, in the order in which the window is read, and says what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLabel, QToolButton, QWidget

from engine.protocol.looks import Ramp
from inspector.actions.commands import MENUS
from inspector.conversations.picturing import PICTURE_MODEL
from inspector.dialogs.about import About
from inspector.dialogs.explore import ExploreDialog
from inspector.dialogs.export import ExportDialog
from inspector.dialogs.model_chooser import ModelChooser
from inspector.dialogs.palette import CommandPalette
from inspector.dialogs.preferences import Preferences
from inspector.dialogs.shortcuts import Shortcuts
from inspector.intake.examples import read_image_examples
from inspector.keeping.settings import DEFAULTS
from inspector.state.trouble import Remedy, Trouble
from inspector.window import Window
from tests.inspector.fake_worker import MODELS, FakeWorker

MOST_STOPS = 80
PICTURE = Path(read_image_examples()[0].path).read_bytes()


def about_text(window: Window, worker: FakeWorker) -> None:
    pass


def beside_a_pinned_answer(window: Window, worker: FakeWorker) -> None:
    window.commands["view.pin"].trigger()
    window.commands["rules.cp-lrp"].trigger()
    worker.answer()


def with_everything_open(window: Window, worker: FakeWorker) -> None:
    window.show_trouble(Trouble("It failed.", Remedy.REPEAT, "Traceback"))
    window.notices.show_news("There is news.")
    window.relevance.strip.open_find()
    window.log_dock.show()
    window.commands["rules.gamma"].trigger()


def with_the_input_unfolded(window: Window, worker: FakeWorker) -> None:
    window.folding.unfold()


def while_it_generates(window: Window, worker: FakeWorker) -> None:
    window.commands["run.generate"].trigger()
    worker.answer()
    window.commands["run.generate"].trigger()


def about_a_picture(window: Window, worker: FakeWorker) -> None:
    window.inquiry.open_model(PICTURE_MODEL)
    worker.answer()
    window.pictures.take_bytes(PICTURE, "a picture.png")
    worker.answer()
    window.commands["rules.gamma"].trigger()
    worker.answer()


STATES = (
    about_text,
    with_the_input_unfolded,
    beside_a_pinned_answer,
    with_everything_open,
    while_it_generates,
    about_a_picture,
)


def first_stop(window: Window) -> QWidget:
    return window.tools.findChild(QToolButton, "model_button")


def name_of(widget: QWidget) -> str:
    """Its name for a screen reader; that of a box is its label, for Qt says its text instead."""
    if isinstance(widget, QComboBox):
        labels = [label.text() for label in widget.window().findChildren(QLabel) if label.buddy() is widget]
        return widget.accessibleName() or "".join(labels)
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def place_in(window: QWidget, widget: QWidget) -> tuple[int, int]:
    at = widget.mapTo(window, QPoint())
    return at.x(), at.y()


def walked(window: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """The widgets that get the keys while Tab is pressed, until one of them has them again."""
    found: list[QWidget] = []
    while (widget := window.focusWidget()) not in found:
        assert widget is not None and len(found) < MOST_STOPS
        found.append(widget)
        QTest.keyClick(widget, key)
    assert window.focusWidget() is found[0], f"Tab does not leave {found[-1]} {name_of(found[-1])}"
    return found


def all_stops(window: QWidget) -> set[QWidget]:
    """Every visible widget that takes Tab itself, found without asking the order."""
    return {
        each
        for each in window.findChildren(QWidget)
        if each.isVisible()
        and each.isEnabled()
        and each.window() is window
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and each.focusProxy() is None
    }


@pytest.mark.parametrize("become", STATES)
def test_that_tab_goes_round_the_whole_window_and_back(window: Window, worker: FakeWorker, become: Callable):
    become(window, worker)
    first_stop(window).setFocus()
    forwards = walked(window)
    assert {*forwards} == all_stops(window)
    backwards = walked(window, Qt.Key.Key_Backtab)
    assert backwards == [forwards[0], *reversed(forwards[1:])]


@pytest.mark.parametrize("become", STATES)
def test_that_every_tab_stop_says_what_it_is(window: Window, worker: FakeWorker, become: Callable):
    become(window, worker)
    first_stop(window).setFocus()
    assert [each for each in walked(window) if not name_of(each)] == []


def test_that_tab_goes_from_the_tool_bar_over_the_panes_to_the_status_bar(window: Window, worker: FakeWorker):
    while_it_generates(window, worker)
    window.folding.unfold()
    first_stop(window).setFocus()
    stops = walked(window)
    areas = (window.tools, window.input_dock, window.centralWidget(), window.target_dock, window.status)
    area_of = [next(i for i, area in enumerate(areas) if area.isAncestorOf(stop)) for stop in stops]
    start = area_of.index(0)
    assert area_of[start:] + area_of[:start] == sorted(area_of)
    inside = [stop for stop in stops if window.centralWidget().isAncestorOf(stop)]
    assert [place_in(window, stop)[1] // 20 for stop in inside] == sorted(place_in(window, s)[1] // 20 for s in inside)


def test_that_a_dock_moved_elsewhere_is_reached_where_it_is(window: Window):
    window.folding.unfold()
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.target_dock)
    window.splitDockWidget(window.target_dock, window.input_dock, Qt.Orientation.Vertical)
    QApplication.processEvents()
    first_stop(window).setFocus()
    stops = walked(window)
    of_tools = [window.tools.isAncestorOf(stop) for stop in stops]
    last = next(i for i, is_of in enumerate(of_tools) if is_of and not of_tools[(i + 1) % len(stops)])
    assert window.target_dock.isAncestorOf(stops[(last + 1) % len(stops)])


def preferences() -> QDialog:
    dialog = Preferences()
    dialog.show_settings(DEFAULTS, ("cpu",))
    return dialog


def chooser() -> QDialog:
    dialog = ModelChooser()
    dialog.show_devices(("cpu",))
    dialog.show_models(MODELS, ())
    return dialog


DIALOGS = {
    "about": lambda: About({}),
    "explore": lambda: ExploreDialog(lambda relevance: 1.0, Ramp()),
    "export": ExportDialog,
    "model": chooser,
    "palette": CommandPalette,
    "preferences": preferences,
    "shortcuts": lambda: Shortcuts(MENUS),
}


@pytest.mark.parametrize("make", DIALOGS.values(), ids=DIALOGS)
def test_that_dialogs_are_walked_in_order_and_say_what_is_where(qtbot, make: Callable[[], QDialog]):
    dialog = make()
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.focusNextPrevChild(True)
    stops = walked(dialog)
    assert [each for each in stops if not name_of(each)] == []
    places = [(y // 20, x) for x, y in (place_in(dialog, stop) for stop in stops)]
    start = places.index(min(places))
    assert places[start:] + places[:start] == sorted(places), [name_of(each) for each in stops]
