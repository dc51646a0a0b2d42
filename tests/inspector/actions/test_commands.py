from __future__ import annotations

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow

from inspector.actions.actions import Actions
from inspector.actions.commands import COMMANDS, MENUS
from inspector.dialogs.palette import matching


def nothing() -> None:
    pass


ALL = {command.id: nothing for command in COMMANDS}


def test_that_a_command_without_an_action_is_an_error_at_start(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    some = {command_id: do for command_id, do in ALL.items() if command_id != "run.stop"}
    with pytest.raises(LookupError, match=r"run\.stop"):
        Actions(window, MENUS, some)


def test_that_an_action_without_a_command_is_an_error_at_start(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    with pytest.raises(LookupError, match=r"run\.away"):
        Actions(window, MENUS, ALL | {"run.away": nothing})


def test_that_no_two_commands_share_a_shortcut():
    shortcuts = [shortcut for command in COMMANDS for shortcut in command.shortcuts]
    assert len(shortcuts) == len(set(shortcuts))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_that_a_command_has_a_help_and_keys_that_qt_knows(command):
    assert command.help
    for shortcut in command.shortcuts:
        assert QKeySequence(shortcut).toString() == shortcut


def test_that_triggering_an_action_does_what_its_command_does(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    done = []
    actions = Actions(window, MENUS, ALL | {"run.explain": lambda: done.append("explained")})
    actions["run.explain"].trigger()
    assert done == ["explained"]


def test_that_marking_a_choice_does_not_do_it(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    done = []
    actions = Actions(window, MENUS, ALL | {"rules.gradient": lambda: done.append("gradient")})
    actions.mark("rules.gradient")
    assert actions["rules.gradient"].isChecked()
    assert not actions["rules.attnlrp"].isChecked()
    assert done == []


def test_that_the_palette_finds_names_before_helps():
    found = matching(COMMANDS, "prompt")
    assert found[0].id == "file.open_prompt"
    assert "run.explain" in [command.id for command in found]


def test_that_the_palette_wants_every_word():
    assert [command.id for command in matching(COMMANDS, "scale layers")] == ["scale.global"]
    assert matching(COMMANDS, "nothing is called so") == []
