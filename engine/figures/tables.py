"""Answers as files for other programs: CSV for tables, JSON for everything."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO
from typing import Any

import msgspec
import numpy as np

from engine.protocol.values import Relevance

FORMAT, VERSION = "lxt-inspector/relevance", 1


def csv_file(relevance: Relevance) -> bytes:
    """One row a token, one column a layer. A lone surrogate, which UTF-8 cannot hold, is written as `\\udXXX`."""
    rows = StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\r\n")
    layers = [f"layer_{layer}" for layer in range(len(relevance.layers))]
    writer.writerow(["index", "id", "text", "start", "end", "input", *layers])
    columns = np.concatenate([relevance.input[None], relevance.layers])  # (1 + layer + 1, token)
    for index, (token, values) in enumerate(zip(relevance.tokens, columns.T, strict=True)):
        writer.writerow([index, token.id, token.text, token.start, token.end, *map(str, values)])
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
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    # Python's escape for what UTF-8 cannot hold is JSON's as well
    return text.encode("utf-8", "backslashreplace")


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
