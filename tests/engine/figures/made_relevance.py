"""Relevance made up for figures: any tokens, known numbers, no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from engine.protocol.targets import Top
from engine.protocol.values import ModelInfo, ModelSource, Relevance, ResolvedTarget, Token

MODEL = ModelInfo(
    ModelSource("bundled:llama"), "Llama", "LlamaForCausalLM", "0123456789abcdef", 1_000, 3, 512, 64, "cpu",
    "float32", 4_000,
)  # fmt: skip


def relevance(texts: Sequence[str], blocks: int = 3, seed: int = 0, title: str = "Llama") -> Relevance:
    """One token for each text; relevance falls with the layer and has both signs."""
    ends = np.cumsum([len(text) for text in texts], dtype=int).tolist()
    tokens = tuple(
        Token(100 + place, text, end - len(text), end, text.strip() or f"‹{len(text)}›")
        for place, (text, end) in enumerate(zip(texts, ends, strict=True))
    )
    layers = np.random.default_rng(seed).normal(size=(blocks + 1, len(texts))).astype(np.float32)
    target = ResolvedTarget(Top(), "“3”", len(texts) - 1, ((len(texts) - 1, 3, 1.0),))
    versions = {"torch": "2.15.0"}
    model, prompt = replace(MODEL, title=title), "".join(texts)
    return Relevance(model, prompt, tokens, target, "attnlrp", 12.5, layers[0] / 2, layers, versions)
