"""Docks moved, floated and closed by keys and menus."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMenu

from inspector.keeping.settings import Profile, SettingsFile
from inspector.panes.dock_head import DockHead


def head_of(dock: QDockWidget) -> DockHead:
    head = dock.titleBarWidget()
    assert isinstance(head, DockHead)
    return head


def place_action(dock: QDockWidget, text: str) -> QAction:
    """What the menu in the head of a dock offers."""
    menu: QMenu = head_of(dock).menu
    menu.aboutToShow.emit()
    return next(action for action in menu.actions() if action.text() == text)


@pytest.fixture(params=["target_dock", "log_dock"])
def dock(window, request) -> QDockWidget:
    found: QDockWidget = getattr(window, request.param)
    found.show()
    QApplication.processEvents()
    return found


def test_that_the_head_of_a_dock_has_its_title_and_something_to_do(dock):
    head = head_of(dock)
    assert head.findChild(QLabel).text() == dock.windowTitle()
    assert len([part for part in head.children() if part.isWidgetType() and part.isVisible()]) >= 3


@pytest.mark.parametrize("side", ["Left", "Right", "Top", "Bottom"])
def test_that_the_menu_of_a_dock_moves_it(window, dock, side: str):
    place_action(dock, side).trigger()
    assert window.dockWidgetArea(dock) == Qt.DockWidgetArea[f"{side}DockWidgetArea"]
    assert place_action(dock, side).isChecked()


def test_that_the_menu_of_a_dock_lets_it_float_and_puts_it_back(dock):
    place_action(dock, "Floating").trigger()
    assert dock.isFloating() and place_action(dock, "Floating").isChecked()
    place_action(dock, "Floating").trigger()
    assert not dock.isFloating()
    place_action(dock, "Floating").trigger()
    place_action(dock, "Left").trigger()
    assert not dock.isFloating()


def test_that_a_dock_is_closed_by_its_menu_and_opened_by_the_view_menu(window, dock):
    command = window.commands[f"view.{dock.objectName()}"]
    assert command.isChecked()
    place_action(dock, "Close").trigger()
    QApplication.processEvents()
    assert dock.isHidden() and not command.isChecked()
    command.trigger()
    QApplication.processEvents()
    assert dock.isVisible() and command.isChecked()


def test_that_tab_reaches_the_menu_of_a_dock_and_a_key_opens_it(window, dock):
    button = head_of(dock).button
    window.relevance.strip.setFocus()
    for _ in range(60):
        if window.focusWidget() is button:
            break
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert window.focusWidget() is button
    opened = []
    closing = QTimer(singleShot=True)  # the menu waits for a choice
    closing.timeout.connect(lambda: (opened.append(head_of(dock).menu.isVisible()), head_of(dock).menu.close()))
    closing.start(0)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert opened == [True]


def test_that_a_head_can_be_dragged(window):
    """Qt moves the dock by what its head does not take for itself."""
    dock = window.target_dock
    head = head_of(dock)
    QTest.mouseDClick(head, Qt.MouseButton.LeftButton, pos=head.rect().center())
    assert dock.isFloating()


def test_that_a_closed_target_stays_closed_until_the_layout_is_reset(open_window, tmp_path):
    path = tmp_path / "settings.json"
    window = open_window(Profile(SettingsFile(path)))
    window.commands["view.target"].trigger()
    window.close()
    again = open_window(Profile(SettingsFile(path)))
    assert again.target_dock.isHidden() and not again.commands["view.target"].isChecked()
    again.commands["view.reset_layout"].trigger()
    assert again.target_dock.isVisible()


def test_that_the_log_is_copied_and_cleared_from_its_head(window):
    window.log_dock.show()
    copy, clear = window.log.tools
    window.log.clear()
    assert not copy.isEnabled() and not clear.isEnabled()
    window.log.append_text("Loading weights\n")
    copy.click()
    assert QGuiApplication.clipboard().text() == "Loading weights\n"
    clear.click()
    assert window.log.toPlainText() == "" and not clear.isEnabled()
