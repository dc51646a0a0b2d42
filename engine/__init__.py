"""Relevance for any transformer: AttnLRP as rules on operations. Names load on first use; importing costs nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.attribution.generating import Generation, generate
    from engine.attribution.matrix import matrix
    from engine.attribution.trace import Trace
    from engine.attribution.traces import Traces
    from engine.attribution.tracing import trace
    from engine.attribution.trust.coverage import coverage
    from engine.attribution.trust.self_test import self_test
    from engine.familiar.cleaning import clean_tokens
    from engine.familiar.heatmap import pdf_heatmap
    from engine.familiar.modelling import monkey_patch
    from engine.familiar.zennit_hooks import monkey_patch_zennit
    from engine.models.opening import load_model
    from engine.protocol import targets
    from engine.protocol.inputs import Chat, ForDecoder, Message, Pair, Picture, Text
    from engine.protocol.relevance import Relevance
    from engine.protocol.values import Ledger, Matrix
    from engine.rules.table import ATTNLRP as attnLRP  # noqa: N811
    from engine.rules.table import CP_LRP as cp_LRP  # noqa: N811
    from engine.rules.table import RULE_SETS, gamma

_HOMES = {  # module, or module:name where it has another name there; `module:` is the module itself
    "Chat": "engine.protocol.inputs",
    "ForDecoder": "engine.protocol.inputs",
    "Generation": "engine.attribution.generating",
    "Ledger": "engine.protocol.values",
    "Matrix": "engine.protocol.values",
    "Message": "engine.protocol.inputs",
    "Pair": "engine.protocol.inputs",
    "Picture": "engine.protocol.inputs",
    "RULE_SETS": "engine.rules.table",
    "Relevance": "engine.protocol.relevance",
    "Text": "engine.protocol.inputs",
    "Trace": "engine.attribution.trace",
    "Traces": "engine.attribution.traces",
    "attnLRP": "engine.rules.table:ATTNLRP",
    "clean_tokens": "engine.familiar.cleaning",
    "coverage": "engine.attribution.trust.coverage",
    "cp_LRP": "engine.rules.table:CP_LRP",
    "gamma": "engine.rules.table",
    "generate": "engine.attribution.generating",
    "load_model": "engine.models.opening",
    "matrix": "engine.attribution.matrix",
    "monkey_patch": "engine.familiar.modelling",
    "monkey_patch_zennit": "engine.familiar.zennit_hooks",
    "pdf_heatmap": "engine.familiar.heatmap",
    "self_test": "engine.attribution.trust.self_test",
    "targets": "engine.protocol.targets:",
    "trace": "engine.attribution.tracing",
}

__all__ = [
    "RULE_SETS",
    "Chat",
    "ForDecoder",
    "Generation",
    "Ledger",
    "Matrix",
    "Message",
    "Pair",
    "Picture",
    "Relevance",
    "Text",
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
    module, colon, own_name = home.partition(":")
    found = import_module(module)
    return found if colon and not own_name else getattr(found, own_name or name)


def __dir__() -> list[str]:
    return sorted(__all__)
