"""Relevance for any transformer: AttnLRP as rules on operations. Names load on first use; importing costs nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.attribution.coverage import coverage
    from engine.attribution.generating import Generation, generate
    from engine.attribution.matrix import matrix
    from engine.attribution.self_test import self_test
    from engine.attribution.trace import Trace, trace
    from engine.attribution.traces import Traces
    from engine.familiar.cleaning import clean_tokens
    from engine.familiar.heatmap import pdf_heatmap
    from engine.familiar.modelling import monkey_patch
    from engine.familiar.zennit_hooks import monkey_patch_zennit
    from engine.models.opening import load_model
    from engine.protocol import targets
    from engine.protocol.values import Ledger, Matrix, Relevance
    from engine.rules.table import ATTNLRP as attnLRP  # noqa: N811
    from engine.rules.table import CP_LRP as cp_LRP  # noqa: N811
    from engine.rules.table import RULE_SETS, gamma

_HOMES = {
    "Generation": "engine.attribution.generating",
    "Ledger": "engine.protocol.values",
    "RULE_SETS": "engine.rules.table",
    "Matrix": "engine.protocol.values",
    "Relevance": "engine.protocol.values",
    "Trace": "engine.attribution.trace",
    "Traces": "engine.attribution.traces",
    "attnLRP": "engine.rules.table:ATTNLRP",
    "cp_LRP": "engine.rules.table:CP_LRP",
    "clean_tokens": "engine.familiar.cleaning",
    "coverage": "engine.attribution.coverage",
    "gamma": "engine.rules.table",
    "generate": "engine.attribution.generating",
    "load_model": "engine.models.opening",
    "matrix": "engine.attribution.matrix",
    "self_test": "engine.attribution.self_test",
    "monkey_patch": "engine.familiar.modelling",
    "monkey_patch_zennit": "engine.familiar.zennit_hooks",
    "pdf_heatmap": "engine.familiar.heatmap",
    "targets": "engine.protocol",
    "trace": "engine.attribution.trace",
}

__all__ = [
    "RULE_SETS",
    "Generation",
    "Ledger",
    "Matrix",
    "Relevance",
    "Trace",
    "Traces",
    "attnLRP",
    "clean_tokens",
    "coverage",
    "cp_LRP",
    "gamma",
    "generate",
    "load_model",
    "matrix",
    "monkey_patch",
    "monkey_patch_zennit",
    "pdf_heatmap",
    "self_test",
    "targets",
    "trace",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    if name == "targets":
        return import_module("engine.protocol.targets")
    module, _, own_name = home.partition(":")
    return getattr(import_module(module), own_name or name)


def __dir__() -> list[str]:
    return sorted(__all__)
