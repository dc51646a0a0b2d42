"""The panes at the window's edges."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget

from inspector.panes.dock_head import DockHead


def add_dock(
    window: QMainWindow,
    title: str,
    widget: QWidget,
    area: Qt.DockWidgetArea,
    parts: Sequence[QWidget] = (),
    head: QWidget | None = None,
) -> QDockWidget:
    """Put `widget` at the window's edge; it can be moved, but not lost.

    `parts` stand beside its title, or `head` in place of it.
    """
    dock = QDockWidget(title, window)
    dock.setObjectName(title.lower())
    features = QDockWidget.DockWidgetFeature
    dock.setFeatures(features.DockWidgetMovable | features.DockWidgetFloatable)
    dock.setWidget(widget)
    dock.setTitleBarWidget(head or DockHead(window, dock, parts))
    window.addDockWidget(area, dock)
    return dock


def line_bar(title: str, line: QWidget) -> QToolBar:
    """A bar with one line over the whole width of the window; what shows or hides it is no choice in a menu."""
    bar = QToolBar(title)
    bar.setObjectName(title.lower().replace(" ", "_"))
    bar.setMovable(False)
    bar.setStyleSheet("QToolBar { border: none; padding: 0; spacing: 0; }")
    bar.toggleViewAction().setVisible(False)
    bar.addWidget(line)
    return bar


class UndoKeys(QObject):
    """Gives the undo keys of a text field to the window, whose undo covers the text and more."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            undoes = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if undoes or event.keyCombination() == _CTRL_Y:
                event.ignore()
                return True
        return super().eventFilter(watched, event)


_CTRL_Y = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Y)
