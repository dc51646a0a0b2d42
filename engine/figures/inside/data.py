"""What was found inside blocks as tables and arrays, for other programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any, assert_never

import msgspec
import numpy as np
from safetensors.numpy import save

from engine.figures.tables import facts
from engine.protocol.inside import Block, Glimpse, Head, Heads, Neuron
from engine.protocol.messages import BlockOpened, HeadFound, HeadsFound, LayersRead, LookedInside, NeuronsFound
from engine.protocol.relevance import Relevance
from engine.reading.cells import cell

Rows = list[Sequence[Any]]


def csv_file(found: LookedInside) -> bytes:
    """A table, of which the first row says what its columns are; texts as in the table of tokens."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[cell(each) if isinstance(each, str) else each for each in row] for row in _rows(found)])
    return text.getvalue().encode("utf-8", "backslashreplace")


def json_file(relevance: Relevance, found: LookedInside) -> bytes:
    """The facts of the answer and all that was found; a value that is not a number is null."""
    content = {
        **facts(relevance),
        "format": "lxt-inspector/inside",
        "version": 1,
        "found": type(found).__name__,
        **msgspec.to_builtins(_content(found), enc_hook=_plain),
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "backslashreplace")


def safetensors_file(relevance: Relevance, found: LookedInside) -> bytes:
    """The arrays, and in the file's metadata under `metadata` what else is known, as JSON."""
    return save(arrays(found), {"metadata": _metadata(relevance, found)})


def npz_file(relevance: Relevance, found: LookedInside) -> bytes:
    """The arrays and, as one string of JSON, `metadata`; numpy loads it without pickle."""
    file = BytesIO()
    np.savez(file, metadata=np.array(_metadata(relevance, found)), **arrays(found))  # type: ignore[arg-type]
    return file.getvalue()


def arrays(found: LookedInside) -> dict[str, np.ndarray]:
    """What was found as arrays in logits, by name; what there is none of is left out."""
    match found:
        case HeadsFound(_, heads):
            named: dict[str, np.ndarray | None] = {"relevance": heads.relevance, "tokens": heads.tokens}
        case HeadFound(_, head):
            names = ("sources", "value", "query", "key", "pattern", "taken", "kept")
            named = {name: getattr(head, name) for name in names}
        case BlockOpened(_, block):
            named = {name: getattr(block, name) for name in ("input", "skip", "arrives", "heads", "experts")}
            for place, writer in enumerate(block.writers):
                name = f"writer_{place}_{writer.name.replace(' ', '_')}"
                named |= {f"{name}_relevance": writer.relevance, f"{name}_passed": writer.passed}
            named |= _of_neurons(block.neurons)
        case NeuronsFound(_, neurons):
            named = dict(_of_neurons(neurons))
        case LayersRead(_, layers):
            named = {
                "ids": np.array([[one.id for one in row.predictions] for row in layers]),
                "logits": np.array([[one.logit for one in row.predictions] for row in layers], np.float32),
                "target_logit": np.array([row.logit for row in layers], np.float32),
                "target_rank": np.array([row.rank for row in layers]),
            }
        case _:
            assert_never(found)
    return {name: np.require(array, requirements="C") for name, array in named.items() if array is not None}


def _of_neurons(neurons: Sequence[Neuron]) -> dict[str, np.ndarray]:
    return {
        "neuron_block": np.array([one.block for one in neurons], np.int64),
        "neuron_index": np.array([one.index for one in neurons], np.int64),
        "neuron_relevance": np.array([one.relevance for one in neurons], np.float32),
        "neuron_tokens": np.array([one.tokens for one in neurons], np.float32),
    }


def _rows(found: LookedInside) -> Rows:
    match found:
        case HeadsFound(_, heads):
            return _of_heads(heads)
        case HeadFound(_, head):
            return _of_head(head)
        case BlockOpened(_, block):
            return _of_block(block)
        case NeuronsFound(_, neurons):
            titles: Sequence[Any] = ("block", "neuron", "relevance", "activation", "token", "raises", "lowers", "reads")
            words = [(" | ".join(one.raises), " | ".join(one.lowers), " | ".join(one.reads)) for one in neurons]
            return [
                titles,
                *(
                    (one.block, one.index, one.relevance, one.activation, one.position, *said)
                    for one, said in zip(neurons, words, strict=True)
                ),
            ]
        case LayersRead(_, layers):
            return _of_layers(layers)
        case _:
            assert_never(found)


def _of_heads(heads: Heads) -> Rows:
    blocks, numbers, tokens = heads.tokens.shape
    rows: Rows = [("block", "head", "relevance", *range(tokens))]
    for block in range(blocks):
        for head in range(numbers):
            if np.isfinite(heads.relevance[block, head]):
                rows.append((block, head, heads.relevance[block, head], *heads.tokens[block, head]))
    return rows


def _of_head(head: Head) -> Rows:
    """One row a query, one column a key; sums and what the softmax keeps are each query's own, whatever is pooled."""
    rows: Rows = [("query", *range(head.sources.shape[1]))]
    return rows + [(query * head.pooled, *row) for query, row in enumerate(head.sources)]


def _of_block(block: Block) -> Rows:
    rows: Rows = [("part", "sum", *range(len(block.arrives)))]

    def add(name: str, values: np.ndarray) -> None:
        rows.append((name, np.nansum(values, dtype=np.float64), *values))

    add("arrives", block.arrives)
    add("skip", block.skip)
    for writer in block.writers:
        add(f"{writer.name} passed", writer.passed)
        add(f"{writer.name} relevance", writer.relevance)
    for number, row in enumerate([] if block.heads is None else block.heads):
        add(f"head {number}", row)
    for number, row in enumerate([] if block.experts is None else block.experts):
        add(f"expert {number}", row)
    for neuron in block.neurons:
        add(f"neuron {neuron.index}", neuron.tokens)
    return rows


def _of_layers(layers: Sequence[Glimpse]) -> Rows:
    most = max(len(row.predictions) for row in layers)
    rows: Rows = [("layer", "target_rank", "target_logit", "target_probability", *range(1, most + 1))]
    for row in layers:
        probability = "" if row.probability is None else row.probability
        rows.append((row.layer, row.rank, row.logit, probability, *(one.text for one in row.predictions)))
    return rows


def _content(found: LookedInside) -> dict[str, Any]:
    names = [name for name in found.__struct_fields__ if name != "question"]
    question = {name: getattr(found.question, name) for name in found.question.__struct_fields__ if name != "question"}
    return {"asked": question, **{name: getattr(found, name) for name in names}}


def _metadata(relevance: Relevance, found: LookedInside) -> str:
    asked = msgspec.to_builtins(_content(found)["asked"])
    return json.dumps({**facts(relevance), "found": type(found).__name__, "asked": asked}, allow_nan=False)


def _plain(array: np.ndarray) -> object:
    rows = array.astype(object)
    rows[~np.isfinite(array)] = None
    return rows.tolist()
