"""The relevance of an input, part by part."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from msgspec import Struct, structs

from engine.protocol.failures import in_tokens
from engine.protocol.looks import Drawing
from engine.protocol.values import Grid, Ledger, Medium, ModelInfo, ResolvedTarget, Seen, Token


class TextPart(Struct, frozen=True, tag=True, eq=False):
    """The relevance of a text: the prompt, or what a decoder has said so far.

    `input`: float32 (token,), at the word embeddings. `layers`: float32 (layer + 1, token), at what enters each block
    and, last, at what leaves the last one. Where a layer has other tokens than the text, its row is NaN. `text` is
    empty where the tokens come from no text.
    """

    medium: ClassVar[Medium] = "text"
    drawings: ClassVar[tuple[Drawing, ...]] = ("tokens", "layers")
    entry: ClassVar[str] = "input"  # what its input is called
    places: ClassVar[str] = "tokens"  # what the places of a layer are called
    seen: ClassVar[None] = None
    channels: ClassVar[None] = None
    grids: ClassVar[tuple[Grid | None, ...]] = ()

    text: str
    tokens: tuple[Token, ...]
    input: np.ndarray
    layers: np.ndarray

    @property
    def size(self) -> str:
        """How much was asked about, in words."""
        return in_tokens(len(self.tokens))

    def total(self, layer: int | None) -> float:
        """The sum of relevance at a layer, in logits; None is the input."""
        return float(_at(self, layer).sum(dtype=np.float64))


class PicturePart(Struct, frozen=True, tag=True, eq=False):
    """The relevance of a picture.

    `input`: float32 (height, width), at its pixels, the sum of `channels`, float32 (channel, height, width). `layers`:
    float32 (layer + 1, place), at what enters each block and, last, at what leaves the last one; where a layer has
    fewer places than the widest, as the stages of some vision models have, its row ends in NaN. `grids` says for every
    layer which grid its places make; None where they make none. `seen` is None of pixels that came without a picture.
    """

    medium: ClassVar[Medium] = "picture"
    drawings: ClassVar[tuple[Drawing, ...]] = ("heatmap", "overlay")
    entry: ClassVar[str] = "pixels"
    places: ClassVar[str] = "patches"
    text: ClassVar[str] = ""
    tokens: ClassVar[tuple[Token, ...]] = ()

    input: np.ndarray
    layers: np.ndarray
    channels: np.ndarray
    grids: tuple[Grid | None, ...]
    seen: Seen | None = None

    @property
    def size(self) -> str:
        """How much was asked about, in words."""
        height, width = self.input.shape
        return f"{width} × {height} pixels"

    def total(self, layer: int | None) -> float:
        """The sum of relevance at a layer, in logits; None is the pixels."""
        return float(np.nansum(_at(self, layer), dtype=np.float64))


Part = TextPart | PicturePart


def _at(part: Part, layer: int | None) -> np.ndarray:
    return part.input if layer is None else part.layers[layer]


class Relevance(Struct, frozen=True, eq=False):
    """Where a target's value came from. Relevance is signed and in logits.

    The first of the `parts` is what was asked about; an encoder-decoder model's decoder is another. `input`, `layers`
    and what else is named here without a part are the first part's.
    """

    model: ModelInfo
    parts: tuple[Part, ...]
    target: ResolvedTarget
    rules: str
    value: float  # the target's value, in logits
    versions: dict[str, str]  # of the packages that computed it
    ledger: Ledger | None = None  # None where gradients were read, which are no shares of anything

    @property
    def medium(self) -> Medium:
        """What was asked about: a text or a picture."""
        return self.parts[0].medium

    @property
    def input(self) -> np.ndarray:
        """Relevance at the word embeddings, float32 (token,), or at the pixels, float32 (height, width)."""
        return self.parts[0].input

    @property
    def layers(self) -> np.ndarray:
        """Relevance at every layer, float32 (layer + 1, token), or (layer + 1, place) of a picture."""
        return self.parts[0].layers

    @property
    def prompt(self) -> str:
        """The text that was asked about; empty of a picture."""
        return self.parts[0].text

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the text; none of a picture."""
        return self.parts[0].tokens

    @property
    def decoder(self) -> Part | None:
        """What the decoder of an encoder-decoder model has said so far, which is a text."""
        return self.parts[1] if len(self.parts) > 1 else None

    @property
    def seen(self) -> Seen | None:
        """The picture as the model saw it."""
        return self.parts[0].seen

    @property
    def channels(self) -> np.ndarray | None:
        """Relevance of each colour channel, float32 (channel, height, width), of a picture."""
        return self.parts[0].channels

    @property
    def grids(self) -> tuple[Grid | None, ...]:
        """The grid that each layer's places make on a picture."""
        return self.parts[0].grids

    @property
    def answered_part(self) -> int:
        """The part whose tokens positions of the target count: the decoder, where it is given text of its own."""
        return 1 if self.decoder is not None and self.model.predicts == "sequence to sequence" else 0

    @property
    def answered_tokens(self) -> tuple[Token, ...]:
        """The tokens that positions of the target count."""
        return self.parts[self.answered_part].tokens

    def with_part(self, **changes: Any) -> Relevance:
        """The same relevance with changes of its first part."""
        return structs.replace(self, parts=(structs.replace(self.parts[0], **changes), *self.parts[1:]))
