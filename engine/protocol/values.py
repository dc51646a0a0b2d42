"""Values that requests and answers are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from engine.protocol.targets import Target

Quantization = Literal["4bit", "8bit"]

# What a model predicts, and so what its targets name; "classes" is one answer to the whole input, text or image
Medium = Literal["text", "picture"]  # what a model is asked about
Predicts = Literal["next token", "masked token", "classes", "token classes", "answer span", "sequence to sequence"]
PREDICTING_CLASSES: tuple[Predicts, ...] = (
    "classes",
    "token classes",
    "answer span",
)  # the others choose from a vocabulary

_LIBRARIES = ("torchvision", "timm")


def library_of(name: str) -> str | None:
    """The library whose architecture `name` names, as `timm:resnet18` does; None where it names another thing."""
    library, colon, _ = name.partition(":")
    return library if colon and library in _LIBRARIES else None


class ModelSource(Struct, frozen=True):
    """Where a model comes from and how it is to be opened.

    `name` is a bundled id (`bundled:llama`), a hub id, a local folder, a `.gguf` file or a named architecture
    (`torchvision:vit_b_16`), which takes its own weights or those of a file.
    """

    name: str
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    quantization: Quantization | None = None
    trust_remote_code: bool = False
    weights: str | None = None  # of a named architecture: a file, or the name of published ones
    classes: tuple[str, ...] = ()  # texts to choose from, for a model that compares pictures with texts


class ModelInfo(Struct, frozen=True):
    """A model that has been opened: what it is, not what was asked for."""

    source: ModelSource
    title: str  # a short name for people, e.g. "SmolLM2-135M-Instruct"
    architecture: str  # e.g. "LlamaForCausalLM"
    revision: str | None  # the commit that was opened, where there is one
    parameters: int
    blocks: int
    vocabulary: int  # how many tokens, or classes, it chooses from
    max_tokens: int | None  # the longest input, where the model has a limit
    device: str
    dtype: str
    weight_bytes: int
    predicts: Predicts = "next token"
    labels: tuple[str, ...] = ()  # of the classes, where it predicts classes
    takes_images: bool = False
    takes_chats: bool = False  # it came with a chat template
    takes_pairs: bool = False  # it tells two texts apart

    @property
    def takes(self) -> Medium:
        """What it is asked about."""
        return "picture" if self.takes_images else "text"

    @property
    def chooses_classes(self) -> bool:
        """Whether it chooses from classes rather than from a vocabulary."""
        return self.predicts in PREDICTING_CLASSES


class Image(Struct, frozen=True, eq=False):
    """A picture as the file it came in. It is known by the digest of its bytes, which an answer leaves out."""

    name: str
    digest: str
    data: bytes = b""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


class Seen(Struct, frozen=True, eq=False):
    """A picture as the model saw it: uint8 (height, width, 3), resized and cropped.

    `whole` is the original, upright, uint8 (height, width, 3), made smaller where it is larger than a screen; None
    where it is not known which part of it was seen.
    """

    name: str
    pixels: np.ndarray
    original: tuple[int, int]  # width and height of the picture, upright
    box: tuple[float, float, float, float] | None  # left, top, right, bottom of what was seen, in the original's pixels
    note: str = ""  # what else was done to it, such as taking the first of several frames
    whole: np.ndarray | None = None


class Grid(Struct, frozen=True):
    """Where a layer's places are on the picture: `before` tokens that are no patches, then row by row."""

    rows: int
    columns: int
    before: int = 0  # class and register tokens


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
    generated: bool = False  # said by the model itself


def joined(tokens: Sequence[Token]) -> str:
    """The text that tokens are made from, special ones aside that were added to it."""
    return "".join(token.text for token in tokens)


class Continuation(Struct, frozen=True):
    """The end of a prompt that the model said itself: where in the prompt it begins, and the tokens it said."""

    start: int  # characters before it
    ids: tuple[int, ...]


TEMPERATURES = (0.01, 100.0)  # the least and the largest above 0


class Manner(Struct, frozen=True):
    """How a model says its answer: at `temperature` 0 the likeliest token each time, above it one drawn at random.

    The same `seed` draws the same tokens. With `stop_at_line` the answer ends behind its first line that is not empty.
    """

    temperature: float = 0.0
    seed: int = 0
    stop_at_line: bool = False


class Prediction(Struct, frozen=True, gc=False):
    """A token or class the model predicts; the logit is as the model gives it.

    The probability is the logit's softmax where choices exclude each other, its sigmoid where a text or picture may be
    of several classes; None where logits are amounts, as those of regressions, rerankers and reward models are. An
    answer span's probabilities are those of its start and end being at that token.
    """

    id: int
    text: str
    label: str
    logit: float
    probability: float | None


class ResolvedTarget(Struct, frozen=True):
    """A target after the model was asked: which logits it came to, at which positions.

    Its value is the sum of the `terms` (position, token id or class index, weight), and for each (position, id) of
    `against_mean` less 1/N of every other logit there. Position -1 is the whole input, of which there is one answer.
    """

    asked: Target
    label: str  # e.g. "“3”", "“3” − “5”", "“3” − mean"
    position: int  # the last position concerned, counted from the start; of a decoder where there is one
    terms: tuple[tuple[int, int, float], ...]
    against_mean: tuple[tuple[int, int], ...] = ()


ConstantKind = Literal[
    "bias",  # of linear maps and convolutions
    "norm bias",  # of layer, group and batch norms
    "added",  # position and token-type embeddings, learned queries, ALiBi: whatever is added
    "put in",  # class and register tokens, padding, masks, bounds: whatever takes the place of an element
]


class Account(Struct, frozen=True):
    """The relevance of a stretch of the model: `arrived` at its end = `passed` on at its beginning + the others."""

    arrived: float
    passed: float
    constants: float  # given to biases and all else that does not depend on the input
    softmax: float  # kept by attention's softmax
    rest: float  # what is left over: rules that lose relevance, and rounding


class Ledger(Struct, frozen=True):
    """Where a target's value went, in logits: `total.arrived` is the value, `total.passed` the input's relevance.

    `before` is from the input to the first block, `after` from the last block to the target. Of an encoder-decoder
    model the blocks are the encoder's; the decoder lies in `after`, which passes on what its embeddings get, too.
    """

    total: Account
    before: Account
    blocks: tuple[Account, ...]
    after: Account
    constants: dict[ConstantKind, float]
    conserves: bool  # whether the rule set promises that nothing is left over
    closes: bool  # whether what is left over is no more than rounding

    @property
    def of_input(self) -> float:
        """What is left over, as a share of the input's relevance: what `closes` is too mild on where that is little."""
        return abs(self.total.rest / self.total.passed) if self.total.passed else float(self.total.rest != 0)


class Matrix(Struct, frozen=True, eq=False):
    """Where the logit of each generated token came from, in logits.

    `rows`: float32 (generated token, token), at the word embeddings; the first row is that of token `start`, and in
    each row only what stands before its token has relevance. `values`: float32 (generated token,), the logits.
    """

    model: ModelInfo
    prompt: str
    tokens: tuple[Token, ...]
    start: int  # the first generated token
    rules: str
    rows: np.ndarray
    values: np.ndarray
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
