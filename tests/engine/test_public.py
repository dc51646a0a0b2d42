"""The public surface of the library is one list, and a user's type checker sees it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import engine

SOURCE = Path(engine.__file__)
CONSUMER = """
import engine
from engine import targets

model = engine.load_model("bundled:llama")
with engine.trace(model, "1 2 3", rules=engine.gamma(0.25, 0.05)) as trace:
    r = trace.explain(targets.Contrast("3", "5"))
reveal_type(model)
reveal_type(trace)
reveal_type(trace.tokens)
reveal_type(trace.predictions(k=3))
reveal_type(r)
reveal_type(r.input)
reveal_type(r.value)
reveal_type(r.ledger)
reveal_type(engine.trace(model, ["one", "two"]))
reveal_type(engine.RULE_SETS)
"""
# Strict; the packages underneath are passed over, whose types take a minute to read
CONFIG = """
[mypy]
strict = True
[mypy-torch.*,torchvision.*,transformers.*,zennit.*,PIL.*,safetensors.*,huggingface_hub.*,gguf.*,timm.*,accelerate.*]
follow_imports = skip
ignore_missing_imports = True
"""
SEEN = [
    "engine.models.opening.Model",
    "engine.attribution.trace.Trace",
    "tuple[engine.protocol.values.Token, ...]",
    "tuple[engine.protocol.values.Prediction, ...]",
    "engine.protocol.relevance.Relevance",
    "numpy.ndarray",
    "float",
    "engine.protocol.values.Ledger | None",
    "engine.attribution.traces.Traces",
    "dict[str, engine.rules.table.RuleSet]",
]


def names_for_type_checkers() -> set[str]:
    """What `engine/__init__.py` imports for type checkers alone."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def test_that_typed_lazy_and_public_names_are_one_list() -> None:
    assert sorted(engine.__all__) == sorted(engine._HOMES) == sorted(names_for_type_checkers())
    assert dir(engine) == sorted(engine.__all__)


def test_that_every_public_name_loads() -> None:
    assert all(getattr(engine, name) is not None for name in engine.__all__)
    assert engine.targets.__name__ == "engine.protocol.targets"


@pytest.mark.process
def test_that_a_user_sees_real_types(tmp_path: Path) -> None:
    script = tmp_path / "consumer.py"  # outside the checkout: the package is found as installed, by its py.typed
    script.write_text(CONSUMER)
    (tmp_path / "mypy.ini").write_text(CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "consumer.py"], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=600
    )
    assert "error:" not in done.stdout, done.stdout
    shown = [line.partition("Revealed type is ")[2] for line in done.stdout.splitlines() if "Revealed" in line]
    for expected, found in zip(SEEN, shown, strict=True):
        assert expected in found, (expected, found)
