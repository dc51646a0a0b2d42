"""What draws plots is imported in steps, and is whole for whoever needs it meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inspector.panes.plot_modules import import_by_statement

EARLY = """
from inspector.panes.plot_modules import import_some, imported
turns = 0
while "pyqtgraph" not in sys.modules:  # until it is there in part
    assert not import_some()
    turns += 1
assert turns > 1 and not hasattr(sys.modules["pyqtgraph"], "GraphicsLayoutWidget")
assert imported("inspector.views.layers.answer_matrix").AnswerMatrix()
assert import_some()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "in_steps.py"
    sys.modules.pop("in_steps", None)


def test_that_a_module_is_imported_a_statement_at_a_time(module: Path):
    module.write_text(
        '"""Words."""\nfrom __future__ import annotations\nimport in_steps\none: Nowhere = 1\ntwo = one + 1\n'
    )
    steps = import_by_statement("in_steps")
    for _ in range(4):
        next(steps)
    there = sys.modules["in_steps"]
    assert there.one == 1 and not hasattr(there, "two")
    assert list(steps) == [None]
    assert (there.two, there.__doc__, there.in_steps, there.__file__) == (2, "Words.", there, str(module))
    assert list(import_by_statement("in_steps")) == []


def test_that_nothing_is_left_of_a_module_that_fails(module: Path):
    module.write_text("one = 1\ntwo = nowhere\n")
    with pytest.raises(NameError, match="nowhere"):
        list(import_by_statement("in_steps"))
    assert "in_steps" not in sys.modules


@pytest.mark.process
def test_that_what_is_needed_before_all_is_there_gets_it_whole():
    start = "import sys\nfrom PySide6.QtWidgets import QApplication\napp = QApplication([])\n"
    subprocess.run([sys.executable, "-c", start + EARLY], check=True)
