"""Several prompts, one after another: each answer is what it is alone, and memory that of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.attribution.trace import Trace
from engine.protocol.relevance import Relevance
from engine.protocol.targets import Target


class Traces:
    """The traces of several prompts. One is recorded when it is asked for, and the one before it closed."""

    def __init__(self, count: int, record: Callable[[int], Trace]) -> None:
        self._count = count
        self._record = record
        self._open: tuple[int, Trace] | None = None

    def __enter__(self) -> Traces:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Trace:
        """The trace of one prompt; any other of these is closed."""
        at = range(self._count)[index]
        if self._open is None or self._open[0] != at:
            self.close()
            self._open = at, self._record(at)
        return self._open[1]

    def __iter__(self) -> Iterator[Trace]:
        return (self[index] for index in range(self._count))

    def explain(self, target: Target | None = None) -> list[Relevance]:
        """Where `target` (each prompt's largest last logit, if none is given) came from, prompt by prompt."""
        answers = [trace.explain(target) for trace in self]
        self.close()
        return answers

    def close(self) -> None:
        """Lets go of the trace that is open, and its memory."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
