"""What the figures' worker imports: it is there in a moment because that is little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import engine

SCRIPT = """
import sys
from engine.figures_worker import answer
from engine.protocol.messages import Export
from engine.watch import UNWATCHED
from tests.engine.figures.made_relevance import of_picture, relevance
before = sys.modules.keys() & {"torch", "transformers", "PySide6", "PIL", "fpdf"}
for format in ("pdf", "tex", "png", "csv", "json", "safetensors", "npz"):
    answer(Export(relevance(["In", " 1922"]), format), UNWATCHED)
answer(Export(of_picture(), "png", "heatmap"), UNWATCHED)
print(before, sys.modules.keys() & {"torch", "transformers", "PySide6"})
"""


@pytest.mark.process
def test_that_no_figure_needs_torch_and_none_is_prepared_for_before_the_greeting() -> None:
    root = Path(engine.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "set() set()\n"
