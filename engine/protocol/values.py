"""What requests and answers are made of."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.protocol.targets import Target

Quantization = Literal["4bit", "8bit"]


class ModelSource(Struct, frozen=True):
    """Where a model comes from and how it is to be opened.

    `name` is a bundled id (`bundled:llama`), a hub id, a local folder or a `.gguf` file.
    """

    name: str
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    quantization: Quantization | None = None
    trust_remote_code: bool = False


class ModelInfo(Struct, frozen=True):
    """A model that has been opened: what it is, not what was asked for."""

    source: ModelSource
    title: str  # a short name for people, e.g. "SmolLM2-135M-Instruct"
    architecture: str  # e.g. "LlamaForCausalLM"
    revision: str | None  # the commit that was opened, where there is one
    parameters: int
    blocks: int
    vocabulary: int
    max_tokens: int | None  # the longest input, where the model has a limit
    device: str
    dtype: str
    weight_bytes: int


class Token(Struct, frozen=True, gc=False):  # thousands in an answer, and none can be part of a cycle
    """One token of the prompt. The texts of a prompt's tokens, joined, are the prompt.

    `text` is `prompt[start:end]`, empty for special tokens and for the later pieces of a character made of several
    tokens. `label` is never empty: printable, one line, what to show where `text` cannot be seen.
    """

    id: int
    text: str
    start: int
    end: int
    label: str
    special: bool = False


class Prediction(Struct, frozen=True, gc=False):
    """A token the model may continue with; the logit is as the model gives it, the probability its softmax."""

    id: int
    text: str
    label: str
    logit: float
    probability: float


class ResolvedTarget(Struct, frozen=True):
    """A target after the model was asked: which logits it came to, at which positions.

    Its value is the sum of the `terms` (position, token id, weight), and for each (position, token id) of
    `against_mean` less 1/N of every other logit there.
    """

    asked: Target
    label: str  # e.g. "“3”", "“3” − “5”", "“3” − mean"
    position: int  # the last position concerned, counted from the start
    terms: tuple[tuple[int, int, float], ...]
    against_mean: tuple[tuple[int, int], ...] = ()


class Relevance(Struct, frozen=True, eq=False):
    """Where a target's value came from. Relevance is signed and in logits.

    `input`: float32 (token,), at the word embeddings. `layers`: float32 (layer + 1, token), at what enters each
    block and, last, at what leaves the last one.
    """

    model: ModelInfo
    prompt: str
    tokens: tuple[Token, ...]
    target: ResolvedTarget
    rules: str
    value: float  # the target's value, in logits
    input: np.ndarray
    layers: np.ndarray
    versions: dict[str, str]  # of the packages that computed it


class Memory(Struct, frozen=True):
    """Bytes in use and in all, of the device that holds the model."""

    used: int
    total: int


class CachedModel(Struct, frozen=True):
    """A model that already lies on this machine."""

    name: str
    title: str
    bytes: int
    kind: Literal["bundled", "hub"]
