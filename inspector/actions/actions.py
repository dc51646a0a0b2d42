"""Qt actions made from the table: every command must have a function, or the window does not start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from inspector.actions.commands import Command, Menu


class Actions:
    """The action of every command, by its id."""

    def __init__(
        self, window: QMainWindow, menus: Sequence[Menu], handlers: Mapping[str, Callable[[], object]]
    ) -> None:
        self._actions: dict[str, QAction] = {}
        self._commands = {command.id: command for menu in menus for group in menu.groups for command in group}
        self._groups: dict[str, QActionGroup] = {}
        commands = [command for menu in menus for group in menu.groups for command in group]
        _check(commands, handlers)
        for command in commands:
            self._actions[command.id] = self._make(window, command, handlers[command.id])
        for menu in menus:
            _fill(window, menu, self._actions)

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def enable(self, command_id: str, enabled: bool, why_not: str) -> None:
        """Make a command possible, or impossible; `why_not` is then said in place of what it does."""
        action = self._actions[command_id]
        action.setEnabled(enabled)
        action.setToolTip(_tip(self._commands[command_id]) if enabled else why_not)

    def describe(self, command_id: str, help: str) -> None:
        """Say from now on what a command does in other words."""
        self._commands[command_id] = replace(self._commands[command_id], help=help)
        if self._actions[command_id].isEnabled():
            self._actions[command_id].setToolTip(_tip(self._commands[command_id]))

    def name_step(self, command_id: str, step: str) -> None:
        """Make a command possible that takes or gives back a step, and say which: "Undo: other rules"."""
        action, text = self._actions[command_id], self._commands[command_id].text
        action.setText(f"{text}: {step}" if step else text)
        self.enable(command_id, bool(step), f"There is nothing to {text.lower()}")

    def mark(self, command_id: str) -> None:
        """Mark one command of a choice, without doing it."""
        self._actions[command_id].setChecked(True)

    def _make(self, window: QMainWindow, command: Command, do: Callable[[], object]) -> QAction:
        action = QAction(command.text, window)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(shortcut) for shortcut in command.shortcuts])
        if command.on_tokens:  # the tokens take the keys themselves; the menu only says them
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setToolTip(_tip(command))
        action.setMenuRole(QAction.MenuRole.NoRole)
        action.setCheckable(bool(command.choice) or command.switch)
        if command.choice:
            group = self._groups.setdefault(command.choice, QActionGroup(window))
            group.addAction(action)
        action.triggered.connect(_Doing(do))
        window.addAction(action)
        return action


class _Doing:
    """Calls without the checked state that Qt sends along."""

    def __init__(self, do: Callable[[], object]) -> None:
        self._do = do

    def __call__(self, checked: bool = False) -> None:
        self._do()


def _tip(command: Command) -> str:
    """Help and first shortcut, as a tool button shows them."""
    keys = (
        QKeySequence(command.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText) if command.shortcut else ""
    )
    return f"{command.help} ({keys})" if keys else command.help


def _check(commands: Sequence[Command], handlers: Mapping[str, Callable[[], object]]) -> None:
    ids = [command.id for command in commands]
    twice = {i for i in ids if ids.count(i) > 1}
    idle = set(ids) - set(handlers)
    unknown = set(handlers) - set(ids)
    if twice or idle or unknown:
        raise LookupError(f"commands named twice: {twice}; that do nothing: {idle}; not in the table: {unknown}")


def _fill(window: QMainWindow, menu: Menu, actions: Mapping[str, QAction]) -> None:
    bar = window.menuBar().addMenu(menu.title)
    bar.setToolTipsVisible(True)
    for index, group in enumerate(menu.groups):
        if index:
            bar.addSeparator()
        within: dict[str, QMenu] = {}
        for command in group:
            if command.submenu and command.submenu not in within:
                within[command.submenu] = bar.addMenu(command.submenu)
                within[command.submenu].setToolTipsVisible(True)
            within.get(command.submenu, bar).addAction(actions[command.id])
