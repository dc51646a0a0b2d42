"""A block opened: what arrives behind it line by line, what is in these lines, and the whole in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.protocol.inside import Block, Writer
from engine.protocol.relevance import Relevance
from engine.reading.limits import ROUNDING
from engine.reading.numbers import fixed

Kind = Literal["whole", "share", "heading", "head", "expert"]
_NAMES = {"mlp": "MLP", "rest": "the rest"}
_DIGITS, _SEEN = 2, 0.005  # digits after the point, and the least amount that they show


@dataclass(frozen=True, eq=False)
class Line:
    """An amount in logits, with `values` float (token,) where tokens have it, and its share of what it is part of.

    `number` is a head's or an expert's.
    """

    kind: Kind
    name: str
    amount: float
    values: np.ndarray | None
    share: float | None = None
    number: int | None = None


def block_at(layer: int | None, relevance: Relevance) -> int | None:
    """The block that a layer enters; of the input the first, of the last layer the last. None of a model without."""
    last = len(relevance.layers) - 2
    return None if last < 0 else min(layer or 0, last)


def lines_of(block: Block) -> tuple[Line, ...]:
    """What arrives behind a block and what it is made of, then its heads and its experts, the largest first."""
    return (*_account(block), *_heads(block), *_experts(block))


def name_of(writer: Writer) -> str:
    """A writer within a sentence."""
    return _NAMES.get(writer.name, writer.name)


def in_words(block: Block) -> str:
    """How the lines add up, and what a writer holds that does not arrive by itself."""
    arrives = _sum(block.arrives)
    noise = ROUNDING * abs(arrives)
    amounts = [line.amount for line in _account(block) if line.kind == "share"]
    first, *others = amounts
    added = "".join(f" {'−' if amount < 0 else '+'} {_written(abs(amount))}" for amount in others)
    sentences = [f"{_written(first)}{added} = {_written(arrives)}."]
    for place, writer in enumerate(block.writers):
        holds, passed = _sum(writer.relevance), _sum(writer.passed)
        if abs(holds - passed) > noise and block.writers[place + 1 :]:
            name, later = _capital(name_of(writer)), _later(block.writers[place + 1 :])
            sentences.append(
                f"{name} holds {_written(holds)}: {_written(passed)} arrives by itself, "
                f"{_written(holds - passed)} through {later}, where it is counted."
            )
    constants = [(writer.constants, writer) for writer in block.writers if abs(writer.constants) >= _SEEN]
    if constants:
        told = ", ".join(f"{_written(amount)} of {_the(writer)}" for amount, writer in constants)
        sentences.append(f"Constants hold {told}.")
    for writer in block.writers:
        if abs(writer.by_others) >= _SEEN:
            sentences.append(f"{_written(writer.by_others)} of {_the(writer)} goes {_past(writer)}.")
    return " ".join(sentences)


def neurons_held(block: Block) -> tuple[int, float]:
    """How many neurons the block has, and the relevance of all of them together."""
    of_neurons = [writer for writer in block.writers if writer.neuron_span is not None]
    held = sum(_sum(writer.relevance) - writer.constants - writer.by_others for writer in of_neurons)
    return sum(len(writer.neurons) for writer in of_neurons), held


def _account(block: Block) -> Iterator[Line]:
    whole = _sum(block.arrives)
    yield Line("whole", "arrives", whole, block.arrives)
    yield _share("passes by", block.skip, whole)
    for writer in block.writers:
        yield _share(name_of(writer), writer.passed, whole)
    if abs(block.constants) > ROUNDING * abs(whole):
        yield Line("share", "constants", block.constants, None, _ratio(block.constants, whole))


def _heads(block: Block) -> Iterator[Line]:
    if block.heads is None:
        return
    for writer in block.writers:
        held = _sum(writer.relevance)
        if writer.head_span is not None:
            yield Line("heading", f"heads of its {name_of(writer)}", held, None)
            numbers = writer.head_span[0] + _by_size(block.heads[slice(*writer.head_span)])
            for number in numbers.tolist():
                values = block.heads[number]
                yield Line("head", str(number), _sum(values), values, _ratio(_sum(values), held), number)


def _experts(block: Block) -> Iterator[Line]:
    if block.experts is None:
        return
    held = _sum(block.experts)
    yield Line("heading", "its experts", held, None)
    for number in _by_size(block.experts).tolist():
        values = block.experts[number]
        yield Line("expert", f"expert {number}", _sum(values), values, _ratio(_sum(values), held), number)


def _share(name: str, values: np.ndarray, whole: float) -> Line:
    return Line("share", name, _sum(values), values, _ratio(_sum(values), whole))


def _by_size(rows: np.ndarray) -> np.ndarray:
    return np.argsort(-np.abs(np.nansum(rows, axis=1, dtype=np.float64)), kind="stable")


def _later(writers: Sequence[Writer]) -> str:
    return f"this block's {name_of(writers[0])}" if len(writers) == 1 else "what this block adds later"


def _past(writer: Writer) -> str:
    return "past its heads" if writer.head_span is not None else "past its neurons"


def _the(writer: Writer) -> str:
    name = name_of(writer)
    return name if name.startswith("the ") or writer.name == "attention" else f"the {name}"


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def _ratio(amount: float, whole: float) -> float | None:
    return amount / whole if whole else None


def _sum(values: np.ndarray) -> float:
    return float(np.nansum(values, dtype=np.float64))


def _written(amount: float) -> str:
    return fixed(amount, _DIGITS)
