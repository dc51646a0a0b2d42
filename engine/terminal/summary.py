"""An explanation in words, for a terminal or for a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from engine.figures.picture import patches
from engine.figures.wording import RULE_NAMES, layer_name, number, place_name
from engine.protocol.looks import Unit
from engine.protocol.messages import Explained
from engine.protocol.relevance import Part, Relevance
from engine.protocol.values import Medium, Token
from engine.protocol.visible_text import visible
from engine.reading.account import account_of
from engine.reading.ledger_in_words import expectation, sum_in_words
from engine.reading.limits import relevance_at
from engine.reading.units import text_of, units_of
from engine.terminal.columns import table

_PREDICTIONS = 5
_TOKENS = 10
_LONGEST = 48  # letters of a sentence in a table


def summary(answer: Explained, layer: int | None, unit: Unit = "token") -> dict[str, Any]:
    """What a script wants to know; relevance of a text is summed over each `unit` of it."""
    relevance = answer.relevance
    return {
        "model": relevance.model.title,
        "revision": relevance.model.revision,
        "device": relevance.model.device,
        "dtype": relevance.model.dtype,
        "rules": relevance.rules,
        "target": {
            "label": relevance.target.label,
            "position": relevance.target.position,
            "value": relevance.value,
        },
        "layer": layer,
        "sum": relevance.parts[0].total(layer),
        "ledger": msgspec.to_builtins(relevance.ledger),
        "tokens": len(relevance.tokens),
        "predictions": [
            {"id": one.id, "text": one.text, "logit": one.logit, "probability": one.probability}
            for one in answer.predictions[:_PREDICTIONS]
        ],
        "most_relevant": _READERS[relevance.medium].facts(relevance, layer, unit),
        "decoder": None if relevance.decoder is None else _decoder_facts(relevance.decoder),
        "seconds": answer.seconds,
        "versions": relevance.versions,
    }


def _token_facts(relevance: Relevance, layer: int | None, unit: Unit) -> list[dict[str, Any]]:
    if unit == "token":
        return _facts_of(relevance.tokens, relevance_at(relevance, layer))
    return [
        {"position": span.start, "tokens": len(span), "text": text_of(relevance.tokens, span), "relevance": value}
        for span, value in _merged(relevance, layer, unit)
    ]


def _merged(relevance: Relevance, layer: int | None, unit: Unit) -> Iterator[tuple[range, float]]:
    """The largest words, lines or sentences, with their relevance."""
    units = units_of(relevance.tokens, unit)
    values = units.merged(relevance_at(relevance, layer))
    return ((units.range_of(index), float(values[index])) for index in _largest(values))


def _facts_of(tokens: Sequence[Token], values: np.ndarray) -> list[dict[str, Any]]:
    return [
        {"position": index, "id": tokens[index].id, "text": tokens[index].text, "relevance": float(values[index])}
        for index in _largest(values)
    ]


def _decoder_facts(decoder: Part) -> dict[str, Any]:
    """What the decoder's input got, which no layer of the encoder has."""
    facts = _facts_of(decoder.tokens, decoder.input)
    facts = [fact | {"text": decoder.tokens[fact["position"]].label} for fact in facts]
    return {"sum": float(decoder.input.sum()), "tokens": len(decoder.tokens), "most_relevant": facts}


def _patch_facts(relevance: Relevance, layer: int | None, unit: Unit) -> list[dict[str, Any]]:
    values = patches(relevance, layer)
    places = (divmod(index, values.shape[1]) for index in _largest(values.ravel()))
    return [{"row": row, "column": column, "relevance": float(values[row, column])} for row, column in places]


def in_words(answer: Explained, layer: int | None, unit: Unit = "token") -> str:
    """The same for people."""
    return "\n".join(_lines(answer, layer, unit))


def _lines(answer: Explained, layer: int | None, unit: Unit) -> Iterator[str]:
    relevance = answer.relevance
    model, target = relevance.model, relevance.target
    part = relevance.parts[0]
    total = part.total(layer)
    yield f"Model    {model.title}, {model.dtype} on {model.device}"
    yield f"Rules    {RULE_NAMES.get(relevance.rules, relevance.rules)}"
    yield f"Target   {target.label} {place_name(relevance)}: {relevance.value:.4f} logits"
    yield f"Sum      {total:.4f} of {relevance.value:.4f} logits {layer_name(relevance, layer)}"
    if relevance.ledger is not None:
        yield f"Ledger   {sum_in_words(account_of(relevance, layer), relevance.ledger.closes)}"
        if relevance.decoder is not None:
            yield f"         of that relevance {relevance.decoder.total(None):.2f} at the decoder's input"
        yield f"         {expectation(relevance.ledger)}"
    yield f"Time     {answer.seconds:.2f} s for {part.size}"
    yield ""
    yield "Predictions"
    likely = [(one.label, f"{one.logit:.3f}", _percent(one.probability)) for one in answer.predictions[:_PREDICTIONS]]
    yield from table(("class" if model.chooses_classes else "token", "logit", "probability"), likely)
    yield ""
    places = part.places if unit == "token" else f"{unit}s"
    yield f"Most relevant {places} {layer_name(relevance, layer)}"
    yield from _READERS[relevance.medium].table(relevance, layer, unit)
    if relevance.decoder is not None:
        yield ""
        yield "Most relevant tokens of the decoder at its input"
        yield from _table_of(relevance.decoder.tokens, relevance.decoder.input, relevance.value)


def _token_table(relevance: Relevance, layer: int | None, unit: Unit) -> Iterator[str]:
    if unit == "token":
        return _table_of(relevance.tokens, relevance_at(relevance, layer), relevance.value)
    rows = [
        (_shortened(text_of(relevance.tokens, span)), str(span.start), number(value), _share(value, relevance.value))
        for span, value in _merged(relevance, layer, unit)
    ]
    return table((unit, "position", "relevance", "of the target"), rows)


def _shortened(text: str) -> str:
    """The text on one line that a terminal has room for."""
    line = visible(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _table_of(tokens: Sequence[Token], values: np.ndarray, whole: float) -> Iterator[str]:
    rows = []
    for index in _largest(values):
        value = float(values[index])
        rows.append((tokens[index].label, str(index), number(value), _share(value, whole)))
    yield from table(("token", "position", "relevance", "of the target"), rows)


def _patch_table(relevance: Relevance, layer: int | None, unit: Unit) -> Iterator[str]:
    rows = []
    for fact in _patch_facts(relevance, layer, unit):
        row, column, value = fact.values()
        rows.append((str(row), str(column), number(value), _share(value, relevance.value)))
    yield from table(("row", "column", "relevance", "of the target"), rows, numbers=4)


def _largest(values: np.ndarray) -> list[int]:
    """The positions of the largest relevance, of either sign."""
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")
    return [int(index) for index in order[:_TOKENS]]


def _percent(probability: float | None) -> str:
    return "–" if probability is None else f"{probability:.1%}"


def _share(value: float, whole: float) -> str:
    return f"{value / whole:.1%}".replace("-", "−") if whole else "–"


class _Reader(NamedTuple):
    facts: Callable[[Relevance, int | None, Unit], list[dict[str, Any]]]  # what a script wants to know
    table: Callable[[Relevance, int | None, Unit], Iterator[str]]


_READERS: dict[Medium, _Reader] = {
    "text": _Reader(_token_facts, _token_table),
    "picture": _Reader(_patch_facts, _patch_table),
}
