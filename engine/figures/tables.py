"""Answers as files for other programs: CSV for tables, JSON for everything."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO
from typing import Any

import msgspec
import numpy as np

from engine.protocol.values import DecoderRelevance, Relevance

FORMAT, VERSION = "lxt-inspector/relevance", 1


def csv_file(relevance: Relevance) -> bytes:
    """One row a token, one column a layer. A lone surrogate, which UTF-8 cannot hold, is written as `\\udXXX`.

    An encoder-decoder model's tokens say in a first column whose they are; its decoder's go by their labels.
    """
    rows = StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\r\n")
    parts: dict[str, Relevance | DecoderRelevance] = {"encoder": relevance}
    if relevance.decoder is not None:
        parts["decoder"] = relevance.decoder
    layers = [f"layer_{layer}" for layer in range(max(len(part.layers) for part in parts.values()))]
    part_column = ["part"] if relevance.decoder is not None else []
    writer.writerow([*part_column, "index", "id", "text", "start", "end", "input", *layers])
    for name, part in parts.items():
        columns = np.concatenate([part.input[None], part.layers])  # (1 + layer + 1, token)
        for index, (token, values) in enumerate(zip(part.tokens, columns.T, strict=True)):
            place = [name] if part_column else []
            text = token.text if part is relevance else token.label
            writer.writerow([*place, index, token.id, text, token.start, token.end, *map(str, values)])
    return rows.getvalue().encode("utf-8", "backslashreplace")


def json_file(relevance: Relevance) -> bytes:
    """The whole answer. A value that is not a number is null; a lone surrogate stays the escape `\\udXXX`."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model": msgspec.to_builtins(relevance.model),
        "versions": relevance.versions,
        "prompt": relevance.prompt,
        "rules": relevance.rules,
        "target": msgspec.to_builtins(relevance.target),
        "value": _plain(relevance.value),
        "ledger": _finite(msgspec.to_builtins(relevance.ledger)),
        "tokens": [msgspec.to_builtins(token) for token in relevance.tokens],
        "input": _numbers(relevance.input),
        "layers": [_numbers(layer) for layer in relevance.layers],
        "decoder": None if relevance.decoder is None else _decoder(relevance.decoder),
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    # Python's escape for what UTF-8 cannot hold is JSON's as well
    return text.encode("utf-8", "backslashreplace")


def _decoder(decoder: DecoderRelevance) -> dict[str, Any]:
    return {
        "tokens": [msgspec.to_builtins(token) for token in decoder.tokens],
        "input": _numbers(decoder.input),
        "layers": [_numbers(layer) for layer in decoder.layers],
    }


def _numbers(values: np.ndarray) -> list[Any]:
    """The float32 values in as few digits as give them back exactly."""
    return [_plain(float(str(value))) for value in values]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return _plain(value) if isinstance(value, float) else value


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
