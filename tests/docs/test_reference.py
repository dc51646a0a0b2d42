"""The pages of docs/reference are what the code says today."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

import engine
from inspector.actions.commands import COMMANDS
from inspector.cli import cli
from tests.docs.write_reference import FOLDER, PAGES, command_line, library

AGAIN = "Write the pages again: python -m tests.docs.write_reference"


@pytest.mark.parametrize("name", PAGES)
def test_that_a_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), AGAIN


def test_that_there_are_no_other_pages() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_that_the_library_has_every_public_name() -> None:
    page = library()
    assert [name for name in engine.__all__ if f"`engine.{name}" not in page] == []


@pytest.mark.parametrize("command", ["", *(str(one.name or one.callback.__name__) for one in cli.registered_commands)])
def test_that_options_are_those_of_the_help(command: str) -> None:
    """The page reads signatures, `--help` reads what typer made of them."""
    heading = f"## `lxt-inspector {command}".rstrip()
    (section,) = re.findall(rf"^{re.escape(heading)}(?: MODEL)?`$(.*?)(?=^## |\Z)", command_line(), re.M | re.S)
    written = CliRunner().invoke(cli, [command, "--help"] if command else ["--help"], env={"COLUMNS": "200"}).output
    assert set(re.findall(r"^\| `(--[\w-]+)`", section, re.M)) == set(
        re.findall(r"^ +(?:-h, )?(--[\w-]+)", written, re.M)
    ) - {"--help"}


def test_that_every_command_has_its_keys() -> None:
    page = PAGES["keys.md"]()
    assert [command.id for command in COMMANDS if f"| {command.text} |" not in page] == []
    assert [keys for command in COMMANDS for keys in command.shortcuts if f"`{keys}`" not in page] == []
