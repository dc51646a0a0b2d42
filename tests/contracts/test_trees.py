"""What import-linter cannot see: parts of packages of others, and the maps that people read."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_WIDGETS = {"PySide6.QtWidgets", "PySide6.QtGui"}


def widgets_imported(source: str) -> list[str]:
    """The modules of widgets that a file imports, in any of the ways to do it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                found += [name.name for name in names if any(name.name.startswith(each) for each in _WIDGETS)]
            case ast.ImportFrom(module="PySide6", names=names):
                found += [f"PySide6.{name.name}" for name in names if f"PySide6.{name.name}" in _WIDGETS]
            case ast.ImportFrom(module=str(module)) if any(module.startswith(each) for each in _WIDGETS):
                found.append(module)
    return found


@pytest.mark.parametrize("room", ["state", "conversations", "client"])
def test_that_no_widget_is_known_where_there_are_none(room: str) -> None:
    files = sorted((ROOT / "inspector" / room).rglob("*.py"))
    assert files
    assert {str(file): widgets_imported(file.read_text()) for file in files} == {str(file): [] for file in files}


@pytest.mark.parametrize(
    "planted",
    [
        "import PySide6.QtWidgets",
        "from PySide6 import QtCore, QtGui",
        "from PySide6.QtWidgets import QWidget",
        "def f():\n    from PySide6.QtGui import QImage",
    ],
)
def test_that_a_widget_would_be_seen(planted: str) -> None:
    assert len(widgets_imported(planted)) == 1
    assert not widgets_imported("from PySide6.QtCore import QObject, Signal")


def folders_of_code() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    folders = {Path(line).parent for line in listed.stdout.splitlines()}
    return sorted(
        folder.as_posix() for folder in folders if folder.parts and folder.parts[0] in ("engine", "inspector")
    )


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the folders of code are asked of git")
def test_that_every_folder_of_code_is_in_the_map() -> None:
    _, _, rest = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Code map")
    code_map, _, _ = rest.partition("\n## ")
    missing = [folder for folder in folders_of_code() if f"`{folder}`" not in code_map]
    assert set(missing) <= {"engine", "inspector"}  # whose own files are named one by one
    named = [name for folder in ("engine", "inspector") for name in (ROOT / folder).glob("*.py")]
    without = [name.name for name in named if name.name not in ("__init__.py",) and f"{name.name}`" not in code_map]
    assert not without
