"""The import contracts of pyproject.toml hold, and each of them breaks for an import against it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]

# An import against a contract, and the contract
AGAINST = [
    ("inspector/views/scale_control.py", "inspector.dialogs.export", "the inspector's rooms"),
    ("inspector/look/labels.py", "inspector.conversations.inquiry", "the inspector's rooms"),
    ("inspector/state/amounts.py", "inspector.keeping.settings", "the inspector's rooms"),
    ("inspector/intake/drops.py", "inspector.panes.layers_pane", "the inspector's rooms"),
    ("inspector/actions/actions.py", "inspector.window", "the inspector's rooms"),
    ("inspector/views/scale_control.py", "inspector.views.tokens.token_strip", "views"),
    ("inspector/dialogs/about.py", "inspector.client.client", "dialogs take values"),
    ("inspector/views/scale_control.py", "inspector.state.scene", "views know neither"),
    ("inspector/panes/notices.py", "inspector.conversations.inquiry", "panes show scenes"),
    ("inspector/window.py", "engine.figures", "the window knows the engine by its wire alone"),
    ("inspector/panes/notices.py", "torch", "the window knows the engine by its wire alone"),
    ("engine/protocol/values.py", "engine.reading.colours", "the engine's rooms"),
    ("engine/rules/table.py", "engine.attribution.trace", "the engine's rooms"),
    ("engine/models/kinds.py", "engine.models.opening", "models"),
    ("engine/attribution/recording.py", "engine.attribution.trace", "attribution"),
    ("engine/reading/colours.py", "torch", "the wire, and relevance as people read it"),
    ("engine/figures/page.py", "torch", "figures load neither"),
    ("engine/figures_worker.py", "torch", "figures load neither"),
    ("inspector/window.py", "engine.figures_worker", "the window knows the engine by its wire alone"),
    ("engine/runs.py", "PySide6", "the engine has no window"),
]
# A file without a floor, and the contract that misses it
WITHOUT_A_FLOOR = [
    ("inspector/stray.py", "the inspector's rooms"),
    ("inspector/views/stray.py", "views"),
    ("engine/stray.py", "the engine's rooms"),
    ("engine/models/stray.py", "models"),
    ("engine/attribution/stray.py", "attribution"),
]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The code, to plant faults in."""
    for name in ("engine", "inspector"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def complaints(root: Path) -> dict[str, str]:
    """What import-linter says of each contract that does not hold, by the contract's name."""
    program = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as f; f()"
    command = [sys.executable, "-c", program, "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", timeout=300)
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    _, _, details = done.stdout.partition("Broken contracts")
    parts = re.split(r"\n([^\n]+)\n-{3,}\n", details)  # each contract's name is underlined
    return {name.strip(): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def of(contract: str, found: dict[str, str]) -> str:
    return next((text for name, text in found.items() if name.startswith(contract)), "")


def test_that_each_holds_and_breaks_for_an_import_against_it(copied: Path) -> None:
    assert complaints(copied) == {}
    for file, imported, _ in AGAINST:
        path = copied / file
        path.write_text(f"{path.read_text()}\nimport {imported}  # planted\n")
    for file, _ in WITHOUT_A_FLOOR:
        (copied / file).write_text('"""A file that nobody gave a floor."""\n')
    found = complaints(copied)
    for file, imported, contract in AGAINST:
        module = file.removesuffix(".py").replace("/", ".")
        assert f"{module} -> {imported}" in of(contract, found), (file, imported)
    for file, contract in WITHOUT_A_FLOOR:
        module = file.removesuffix(".py").replace("/", ".")
        assert f"- {module}\n" in of(contract, found), file
