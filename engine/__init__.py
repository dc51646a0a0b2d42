"""Relevance for any transformer: AttnLRP as rules on operations. Names load on first use; importing costs nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.attribution.generating import Generation, generate
    from engine.attribution.matrix import matrix
    from engine.attribution.trace import Trace, trace
    from engine.attribution.traces import Traces
    from engine.models.opening import load_model
    from engine.protocol import targets
    from engine.protocol.values import Matrix, Relevance
    from engine.rules.table import RULE_SETS

_HOMES = {
    "Generation": "engine.attribution.generating",
    "RULE_SETS": "engine.rules.table",
    "Matrix": "engine.protocol.values",
    "Relevance": "engine.protocol.values",
    "Trace": "engine.attribution.trace",
    "Traces": "engine.attribution.traces",
    "generate": "engine.attribution.generating",
    "load_model": "engine.models.opening",
    "matrix": "engine.attribution.matrix",
    "targets": "engine.protocol",
    "trace": "engine.attribution.trace",
}

__all__ = [
    "RULE_SETS",
    "Generation",
    "Matrix",
    "Relevance",
    "Trace",
    "Traces",
    "generate",
    "load_model",
    "matrix",
    "targets",
    "trace",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    if name == "targets":
        return import_module("engine.protocol.targets")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
