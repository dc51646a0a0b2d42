"""The head of a dock: its title, what belongs to it, and a menu that moves, floats and closes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QMenu, QToolButton, QWidget

from inspector.look.labels import heading_label
from inspector.look.naming import named
from inspector.look.theme import Space

_EDGES = Qt.DockWidgetArea
_SIDES = {
    "Left": _EDGES.LeftDockWidgetArea,
    "Right": _EDGES.RightDockWidgetArea,
    "Top": _EDGES.TopDockWidgetArea,
    "Bottom": _EDGES.BottomDockWidgetArea,
}


class DockHead(QWidget):
    """Stands in place of the dock's title row: dragged, it moves the dock, and a double click lets it float."""

    def __init__(self, window: QMainWindow, dock: QDockWidget, parts: Sequence[QWidget]) -> None:
        super().__init__()
        self._window, self._dock = window, dock
        self.button = named("dock_menu", QToolButton())
        self.button.setText("⋯")
        self.button.setAutoRaise(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setAccessibleName(f"Place of {dock.windowTitle()}")
        self.button.setToolTip("Move, float or close")
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.SMALL, Space.TIGHT, Space.TIGHT, 0)
        row.setSpacing(Space.SMALL)
        row.addWidget(heading_label(dock.windowTitle()))
        row.addStretch(1)
        for part in (*parts, self.button):
            row.addWidget(part)

    def _fill(self) -> None:
        self.menu.clear()
        for name, area in _SIDES.items():
            side = self.menu.addAction(name, partial(self._move, area))
            side.setCheckable(True)
            side.setChecked(not self._dock.isFloating() and self._window.dockWidgetArea(self._dock) == area)
        floating = self.menu.addAction("Floating", partial(self._dock.setFloating, not self._dock.isFloating()))
        floating.setCheckable(True)
        floating.setChecked(self._dock.isFloating())
        self.menu.addSeparator()
        self.menu.addAction("Close", self._dock.hide)

    def _move(self, area: Qt.DockWidgetArea) -> None:
        self._dock.setFloating(False)
        self._window.addDockWidget(area, self._dock)
