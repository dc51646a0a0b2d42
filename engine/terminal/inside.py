"""`lxt-inspector heads`, `inside`, `neurons` and `lens`: what is inside a model's blocks, said and drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

import numpy as np
from msgspec import structs

from engine.figures import render
from engine.figures.inside.naming import titled
from engine.protocol.inside import Neuron
from engine.protocol.looks import Look
from engine.protocol.messages import (
    BlockOpened,
    Explain,
    Explained,
    Exported,
    ExportInside,
    HeadFound,
    HeadsFound,
    InsideFormat,
    LayersRead,
    LookedInside,
    LookInside,
    NeuronsFound,
)
from engine.reading.numbers import fixed
from engine.session import Session
from engine.terminal.asked_target import asked_target
from engine.terminal.columns import table
from engine.terminal.progress_on_stderr import ProgressLine
from engine.watch import Watch

_LISTED = 12


def look_inside(
    question: Explain,
    target: str,
    position: int,
    ask: Callable[[Explain], LookInside],
    look: Look,
    format: InsideFormat | None,
) -> tuple[Explained, LookedInside, Exported | None]:
    """The answer for the target that is typed, what was found of it, and the file where one is wanted. Raises
    EngineError.
    """
    session = Session()
    with ProgressLine() as line:
        watch = Watch(line.show)
        wanted = asked_target(session, question.source, target, position, watch)
        asked = structs.replace(question, target=wanted)
        answer = session.answer(asked, watch)
        found = session.answer(ask(asked), watch)
        assert isinstance(answer, Explained)
        assert isinstance(found, HeadsFound | HeadFound | BlockOpened | NeuronsFound | LayersRead)
        made = None if format is None else render(ExportInside(answer.relevance, found, format, look))
        return answer, found, made


def in_words(answer: Explained, found: LookedInside) -> str:
    """What was found, as lines for a terminal."""
    return "\n".join(_lines(answer, found))


def _lines(answer: Explained, found: LookedInside) -> Iterator[str]:
    tokens = answer.relevance.tokens

    def token(position: int) -> str:
        return f"{tokens[position].label} {position}" if 0 <= position < len(tokens) else str(position)

    yield f"Target {answer.relevance.target.label}: {fixed(answer.relevance.value, 2)} logits"
    match found:
        case HeadsFound(_, heads):
            named = [
                (f"{block}.{head}", float(value))
                for (block, head), value in np.ndenumerate(heads.relevance)
                if np.isfinite(value)
            ]
            yield from _ranked("head", named)
        case HeadFound(asked, head):
            yield f"Head {asked.block}.{asked.head} took {_sum(head.taken)}, by query:"
            yield from _ranked("query", [(token(i), float(value)) for i, value in enumerate(head.taken)])
        case BlockOpened(asked, block):
            rows = [("arrives behind it", _sum(block.arrives), ""), ("passes by", _sum(block.skip), "")]
            rows += [(titled(writer.name), _sum(writer.passed), _sum(writer.relevance)) for writer in block.writers]
            if abs(block.constants) >= 0.005:
                rows.append(("constants of the stream", fixed(block.constants, 2), ""))
            yield f"Block {asked.block}"
            yield from table(("", "passes", "holds"), rows)
            if block.heads is not None:
                sums = np.nan_to_num(block.heads).sum(axis=1, dtype=np.float64)
                yield from _ranked("head", [(f"{asked.block}.{i}", float(value)) for i, value in enumerate(sums)])
            yield from _of_neurons(block.neurons, token)
        case NeuronsFound(_, neurons):
            yield from _of_neurons(neurons, token)
        case LayersRead(_, layers):
            likeliest = ["  ".join(one.label.strip() for one in row.predictions) for row in layers]
            read = [
                (str(row.layer), f"{row.rank:,}", fixed(row.logit, 2), words)
                for row, words in zip(layers, likeliest, strict=True)
            ][::-1]
            yield from table(("layer", "rank", "logit", "likeliest"), read, numbers=0)
        case _:
            assert_never(found)


def _ranked(what: str, named: Sequence[tuple[str, float]]) -> Iterator[str]:
    """The strongest, the others, and the sum."""
    named = sorted(named, key=lambda one: -abs(one[1]))
    shown = [(name, fixed(value, 2, plus=True)) for name, value in named[:_LISTED]]
    if rest := named[_LISTED:]:
        shown.append((f"{len(rest)} others", fixed(sum(value for _, value in rest), 2, plus=True)))
    shown.append(("sum", fixed(sum(value for _, value in named), 2, plus=True)))
    yield from table((what, "relevance"), shown)


def _of_neurons(neurons: Sequence[Neuron], token: Callable[[int], str]) -> Iterator[str]:
    rows = [
        (
            f"{one.block}.{one.index}",
            token(one.position),
            "  ".join(word.strip() or "·" for word in one.raises),
            "  ".join(word.strip() or "·" for word in one.reads),
            fixed(one.relevance, 2, plus=True),
        )
        for one in neurons[:_LISTED]
    ]
    yield from table(("neuron", "most at", "raises", "reads", "relevance"), rows, numbers=1)


def _sum(values: np.ndarray) -> str:
    return fixed(float(np.nansum(values, dtype=np.float64)), 2)
