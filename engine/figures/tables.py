"""Answers as files for other programs: CSV for tables, JSON for everything."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from io import StringIO
from typing import Any

import msgspec
import numpy as np

from engine.figures.picture import patches
from engine.protocol.relevance import Part, Relevance
from engine.protocol.values import Grid, ModelInfo, Seen
from engine.reading.cells import cell

FORMAT, VERSION = "lxt-inspector/relevance", 1


def csv_file(relevance: Relevance) -> bytes:
    """The numbers as a table: of a text by token, of a picture by patch."""
    return _tokens_file(relevance) if relevance.channels is None else _patches_file(relevance)


def _tokens_file(relevance: Relevance) -> bytes:
    """One row a token, one column a layer. A lone surrogate, which UTF-8 cannot hold, is written as `\\udXXX`.

    A text that a spreadsheet would run has an apostrophe before it, which `text_of_cell` takes off again.
    An encoder-decoder model's tokens say in a first column whose they are; its decoder's go by their labels.
    """
    rows = StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\r\n")
    parts = dict(zip(("encoder", "decoder"), relevance.parts, strict=False))
    layers = [f"layer_{layer}" for layer in range(max(len(part.layers) for part in parts.values()))]
    part_column = ["part"] if len(parts) > 1 else []
    writer.writerow([*part_column, "index", "id", "text", "start", "end", "input", *layers])
    for name, part in parts.items():
        columns = np.concatenate([part.input[None], part.layers])  # (1 + layer + 1, token)
        for index, (token, values) in enumerate(zip(part.tokens, columns.T, strict=True)):
            place = [name] if part_column else []
            text = token.label if name == "decoder" else token.text
            writer.writerow([*place, index, token.id, cell(text), token.start, token.end, *map(str, values)])
    return rows.getvalue().encode("utf-8", "backslashreplace")


def _patches_file(relevance: Relevance) -> bytes:
    """Of a picture: one row a patch, after what of its layer is no patch, as class tokens, without row and column.

    At the input a patch is the sum of the pixels that the first layer's patch covers. What makes no grid is numbered.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["layer", "index", "row", "column", "relevance"])
    sums = patches(relevance, None)
    writer.writerows(_placed("input", sums.ravel(), Grid(*sums.shape)))
    for layer, (values, grid) in enumerate(zip(relevance.layers, relevance.grids, strict=True)):
        count = len(values) if grid is None else grid.before + grid.rows * grid.columns
        writer.writerows(_placed(str(layer), values[:count], grid))
    return text.getvalue().encode()


def _placed(layer: str, values: np.ndarray, grid: Grid | None) -> Iterator[tuple[str, int, int | str, int | str, str]]:
    for index, value in enumerate(values):
        at = None if grid is None or index < grid.before else divmod(index - grid.before, grid.columns)
        yield layer, index, *(at or ("", "")), str(value)


def json_file(relevance: Relevance) -> bytes:
    """The whole answer. A value that is not a number is null; a lone surrogate stays the escape `\\udXXX`."""
    content = facts(relevance) | {
        "input": _numbers(relevance.input),
        "layers": [_numbers(layer) for layer in relevance.layers],
        "decoder": None if relevance.decoder is None else _decoder(relevance.decoder),
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    # Python's escape for what UTF-8 cannot hold is JSON's as well
    return text.encode("utf-8", "backslashreplace")


def facts(relevance: Relevance) -> dict[str, Any]:
    """The answer without its arrays. Of a picture it has what was seen, the sum of each colour channel, the grids."""
    known = {
        "format": FORMAT,
        "version": VERSION,
        "model": _model(relevance.model),
        "versions": relevance.versions,
        "prompt": relevance.prompt,
        "rules": relevance.rules,
        "target": msgspec.to_builtins(relevance.target),
        "value": _plain(relevance.value),
        "ledger": _finite(msgspec.to_builtins(relevance.ledger)),
        "tokens": [msgspec.to_builtins(token) for token in relevance.tokens],
    }
    if relevance.channels is not None:
        known["seen"] = None if relevance.seen is None else _seen(relevance.seen)
        known["channels"] = _numbers(relevance.channels.sum(axis=(1, 2)))
        known["grids"] = [msgspec.to_builtins(grid) for grid in relevance.grids]
    return known


def _model(model: ModelInfo) -> dict[str, Any]:
    """The model's facts; what it predicts is called `head` there, as since the format's first version."""
    return {"head" if name == "predicts" else name: fact for name, fact in msgspec.to_builtins(model).items()}


def _seen(seen: Seen) -> dict[str, Any]:
    height, width, _ = seen.pixels.shape
    original = {"original": list(seen.original), "box": seen.box and list(seen.box)}
    return {"name": seen.name, "size": [width, height], **original, "note": seen.note}


def _decoder(decoder: Part) -> dict[str, Any]:
    return {
        "tokens": [msgspec.to_builtins(token) for token in decoder.tokens],
        "input": _numbers(decoder.input),
        "layers": [_numbers(layer) for layer in decoder.layers],
    }


def _numbers(values: np.ndarray) -> list[Any]:
    """The float32 values, row by row, in as few digits as give them back exactly."""
    if values.ndim > 1:
        return [_numbers(row) for row in values]
    return [_plain(float(str(value))) for value in values]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return _plain(value) if isinstance(value, float) else value


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
