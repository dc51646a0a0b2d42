"""The words on a figure: its colour bar and caption, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from msgspec import structs

from engine.protocol.looks import Unit
from engine.protocol.messages import Export, ExportGrid
from engine.protocol.relevance import Relevance
from engine.reading.limits import colour_limit, left_out, relevance_at
from engine.reading.units import text_of, units_of

_LONGEST_NAME = 48  # characters; a line of the caption is not wrapped

RULE_NAMES = {
    "attnlrp": "AttnLRP",
    "cp-lrp": "CP-LRP",
    "input-x-gradient": "input × gradient",
    "gradient": "gradient",
}


@dataclass(frozen=True)
class Words:
    """The words under a picture: the numbers at the colour bar, their meaning, and lines of caption."""

    ends: tuple[str, str, str]
    scale: str
    caption: tuple[str, ...]


def words_for(export: Export) -> Words:
    """What an answer's picture says about itself."""
    return Words(scale_ends(export), scale_in_words(export), caption(export))


def picture_words(export: Export, limit: float) -> Words:
    """What a heatmap or overlay says about itself, whose colours end at `limit`."""
    relevance = export.relevance
    spans = {"layer": "this layer", "global": "all layers", "target": "the target’s value"}
    percentile = _percentile(export.look.clip) if export.look.scale != "target" else ""
    scale = f"logits; colours span {percentile or spans[export.look.scale]}"
    rules = RULE_NAMES.get(relevance.rules, relevance.rules)
    values = relevance.input if export.look.layer is None else relevance.layers[export.look.layer]
    total = f"sum {number(float(np.nansum(values)))}{_beside(relevance, export.look.layer)}"
    method = f"Relevance {layer_name(relevance, export.look.layer)}, {rules}, {total}"
    said = (_question(relevance), method, _origin(relevance), *_whole(export, relevance))
    return Words(_ends(limit), scale, said)


def grid_words(export: ExportGrid, limit: float | None) -> Words:
    """What a grid says about itself: in its caption is what holds for all cells. `limit` None: each has its own."""
    percentile = _percentile(export.look.clip) if export.look.scale != "target" else ""
    if limit is None:
        spans = {"layer": "it alone", "global": "all its layers", "target": "its target’s value"}
        ends, scale = (
            ("negative", "0", "positive"),
            f"each picture’s colours span {percentile or spans[export.look.scale]}",
        )
    else:
        spans = {"layer": "all pictures", "global": "all their layers", "target": "the largest target’s value"}
        ends, scale = _ends(limit), f"colours span {percentile or spans[export.look.scale]}"
    rules = {RULE_NAMES.get(cell.rules, cell.rules) for cell in export.cells}
    method = f", {rules.pop()}" if len(rules) == 1 else ""
    said = (
        map(_question, export.cells),
        (f"Relevance {layer_name(cell, export.look.layer)}{method}" for cell in export.cells),
        map(_origin, export.cells),
        (line for cell in export.cells for line in _whole(export, cell)),
    )
    return Words(ends, f"logits; {scale}", tuple(lines.pop() for lines in map(set, said) if len(lines) == 1))


def inside_words(relevance: Relevance, limit: float | None, what: str) -> Words:
    """What a figure of the inside of blocks says about itself; `limit` None: each row has its own."""
    ends = ("−100 %", "0", "100 %") if limit is None else _ends(limit)
    scale = "of each row’s largest" if limit is None else "logits; colours span the largest of all"
    rules = RULE_NAMES.get(relevance.rules, relevance.rules)
    return Words(ends, scale, (_question(relevance), f"{what}, {rules}", _origin(relevance)))


def number(value: float) -> str:
    """A relevance in three significant digits, with a true minus sign."""
    text = f"{value:.3g}"
    mantissa, exponent, power = text.partition("e")
    if exponent:
        text = f"{mantissa}e{int(power)}"
    return text.replace("-", "−")


def layer_name(relevance: Relevance, layer: int | None) -> str:
    """Where in the model the relevance was read, e.g. “at the input” or “at layer 12 of 30”."""
    return "at the input" if layer is None else f"at layer {layer} of {len(relevance.layers) - 1}"


def place_name(relevance: Relevance) -> str:
    """Where the model says what is explained, e.g. “after token 12”."""
    position = relevance.target.position
    match relevance.model.predicts:
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
    match export.look.scale:
        case "layer" if export.picture == "layers":
            places = (None, *range(len(export.relevance.layers)))
            return f"of each layer’s largest{_without(export, places)}; every layer has its own scale"
        case "layer":
            return f"logits; colours span this layer{_without(export, (export.look.layer,))}"
        case "global":
            return f"logits; colours span all layers{_without(export, (None,))}"
        case "target":
            return "logits; colours span the target’s value"
        case _:
            assert_never(export.look.scale)


def _without(export: Export, layers: Sequence[int | None]) -> str:
    """The tokens that are left out of what the colours of these layers span."""
    relevance, look = export.relevance, export.look
    everything = structs.replace(look, without=False)
    if all(colour_limit(relevance, at, look) == colour_limit(relevance, at, everything) for at in layers):
        return ""
    names = [name for part in range(len(relevance.parts)) for name in _left_out(relevance, look.unit, part)]
    return f" without {' and '.join(f'“{name}”' for name in names)}"


def _left_out(relevance: Relevance, unit: Unit, part: int) -> Iterator[str]:
    """What is left out of a part, by its text."""
    tokens = relevance.parts[part].tokens
    units = units_of(tokens, unit)
    for span in map(units.range_of, left_out(relevance, unit, part)):
        yield _shortened(text_of(tokens, span) if len(span) > 1 else tokens[span.start].label)


def scale_ends(export: Export) -> tuple[str, str, str]:
    """The numbers under the colour bar: left end, middle, right end."""
    if export.picture == "layers" and export.look.scale == "layer":
        return "−100 %", "0", "100 %"
    return _ends(colour_limit(export.relevance, export.look.layer, export.look))


def caption(export: Export) -> tuple[str, str, str]:
    """What was explained, how, and in which model: a line each."""
    relevance = export.relevance
    return _question(relevance), _method(export), _origin(relevance)


def _ends(limit: float) -> tuple[str, str, str]:
    return number(-limit), "0", number(limit)


def _percentile(clip: float) -> str:
    return f"{clip:g} % of values" if clip < 100 else ""


def _beside(relevance: Relevance, layer: int | None) -> str:
    """How much of a layer's sum is at tokens that are no patches."""
    grid = None if layer is None else relevance.grids[layer]
    if layer is None or grid is None or not grid.before:
        return ""
    tokens = "the class token" if grid.before == 1 else f"{grid.before} class and register tokens"
    return f", of it {number(float(relevance.layers[layer][: grid.before].sum()))} at {tokens}"


def _whole(export: Export | ExportGrid, relevance: Relevance) -> tuple[str, ...]:
    """What is to be known of a picture that the model saw a part of."""
    seen = relevance.seen
    if not export.look.original or seen is None:
        return ()
    return (f"On the original, {seen.original[0]} × {seen.original[1]} pixels; what the model did not see is faint",)


def _question(relevance: Relevance) -> str:
    place = f"{_shortened(relevance.target.label)} {place_name(relevance)}"
    return f"Target {place}: {number(relevance.value)} logits"


def _method(export: Export) -> str:
    relevance = export.relevance
    rules = RULE_NAMES.get(relevance.rules, relevance.rules)
    if export.picture == "layers":
        return f"Relevance at the input and between the blocks, {rules}{_by_unit(export)}"
    total = float(relevance_at(relevance, export.look.layer).sum())
    said = f"Relevance {layer_name(relevance, export.look.layer)}, {rules}{_by_unit(export)}, sum {number(total)}"
    if relevance.decoder is None:
        return said
    return f"{said}, of the decoder {number(float(relevance_at(relevance, export.look.layer, 1).sum()))}"


def _by_unit(export: Export) -> str:
    return "" if export.look.unit == "token" else f", summed by {export.look.unit}"


def _origin(relevance: Relevance) -> str:
    model = relevance.model
    revision = f", revision {model.revision[:12]}" if model.revision else ""
    return f"Model {_shortened(model.title)}{revision}, {model.dtype}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
