"""What a figure says about itself: the same words in every format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from engine.protocol.colours import colour_limit, relevance_at
from engine.protocol.messages import Export
from engine.protocol.values import Relevance

_LONGEST_NAME = 48  # characters; a line of the caption is not wrapped

RULE_NAMES = {
    "attnlrp": "AttnLRP",
    "cp-lrp": "CP-LRP",
    "input-x-gradient": "input × gradient",
    "gradient": "gradient",
}


@dataclass(frozen=True)
class Words:
    """What stands under a picture: the numbers at the colour bar, what they mean, and lines of caption."""

    ends: tuple[str, str, str]
    scale: str
    caption: tuple[str, ...]


def words_for(export: Export) -> Words:
    """What an answer's picture says about itself."""
    return Words(scale_ends(export), scale_in_words(export), caption(export))


def number(value: float) -> str:
    """A relevance in three significant digits, with a true minus sign."""
    text = f"{value:.3g}"
    mantissa, exponent, power = text.partition("e")
    if exponent:
        text = f"{mantissa}e{int(power)}"
    return text.replace("-", "−")


def layer_name(relevance: Relevance, layer: int | None) -> str:
    """Where in the model the relevance was read, e.g. “the input” or “block 12”."""
    last = len(relevance.layers) - 1
    if layer is None:
        return "at the input"
    return f"after the last block ({last})" if layer == last else f"before block {layer}"


def place_name(relevance: Relevance) -> str:
    """Where the model says what is explained, e.g. “after token 12”."""
    position = relevance.target.position
    match relevance.model.head:
        case _ if position < 0:
            return "for the whole input"
        case "next token":
            return f"after token {position}"
        case "sequence to sequence":
            return f"after token {position} of the decoder"
        case _:
            return f"at token {position}"


def scale_in_words(export: Export) -> str:
    """What the colours' ends stand for."""
    match export.scale:
        case "layer" if export.picture == "layers":
            return "of each layer’s largest; every layer has its own scale"
        case "layer":
            return "logits; colours span this layer"
        case "global":
            return "logits; colours span all layers"
        case "target":
            return "logits; colours span the target’s value"
        case _:
            assert_never(export.scale)


def scale_ends(export: Export) -> tuple[str, str, str]:
    """The numbers under the colour bar: left end, middle, right end."""
    if export.picture == "layers" and export.scale == "layer":
        return "−100 %", "0", "100 %"
    limit = colour_limit(export.relevance, export.layer, export.scale)
    return number(-limit), "0", number(limit)


def caption(export: Export) -> tuple[str, str, str]:
    """What was explained, how, and in which model: a line each."""
    relevance = export.relevance
    return _question(relevance), _method(export), _origin(relevance)


def _question(relevance: Relevance) -> str:
    place = f"{_shortened(relevance.target.label)} {place_name(relevance)}"
    return f"Target {place}: {number(relevance.value)} logits"


def _method(export: Export) -> str:
    relevance = export.relevance
    rules = RULE_NAMES.get(relevance.rules, relevance.rules)
    if export.picture == "layers":
        return f"Relevance at the input and between the blocks, {rules}"
    total = float(relevance_at(relevance, export.layer).sum())
    return f"Relevance {layer_name(relevance, export.layer)}, {rules}, sum {number(total)}"


def _origin(relevance: Relevance) -> str:
    model = relevance.model
    revision = f", revision {model.revision[:12]}" if model.revision else ""
    return f"Model {_shortened(model.title)}{revision}, {model.dtype}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
