"""Relevance made up for figures: any tokens, known numbers, no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from engine.protocol.relevance import PicturePart, Relevance, TextPart
from engine.protocol.targets import Top
from engine.protocol.values import Grid, ModelInfo, ModelSource, ResolvedTarget, Seen, Token

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
    part = TextPart(prompt, tokens, layers[0] / 2, layers)
    return Relevance(model, (part,), target, "attnlrp", 12.5, versions)


def of_picture(rows: int = 3, columns: int = 4, patch: int = 8, seed: int = 0) -> Relevance:
    """Of a picture of so many patches: a class token before them, and a last layer whose places make no grid."""
    random, answer = np.random.default_rng(seed), relevance([])
    height, width = rows * patch, columns * patch
    channels = random.normal(size=(3, height, width)).astype(np.float32)
    layers = random.normal(size=(3, 1 + rows * columns)).astype(np.float32)
    layers[2, 5:] = np.nan  # it has five places
    grid = Grid(rows, columns, 1)
    pixels = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
    seen = Seen("cat.png", pixels, (640, 480), (80.0, 0.0, 560.0, 480.0))
    part = PicturePart(channels.sum(0), layers, channels, (grid, grid, None), seen)
    return replace(answer, target=replace(answer.target, label="“cat”", position=-1), parts=(part,))
