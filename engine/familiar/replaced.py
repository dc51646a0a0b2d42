"""Methods of classes exchanged for others, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class Replaced:
    """Methods exchanged for what `wrap` makes of them, until `undo` or the end of a `with`."""

    def __init__(self, methods: Iterable[tuple[type, str, Wrap]]) -> None:
        before = [(kind, name, getattr(kind, name), wrap) for kind, name, wrap in methods]
        self._own = [(kind, name, vars(kind).get(name)) for kind, name, _, _ in before]
        for kind, name, method, wrap in before:
            setattr(kind, name, wrap(method))

    def undo(self) -> None:
        """Leaves the classes as they were. Does nothing the second time, nor where another call has replaced this."""
        for kind, name, own in self._own:
            if own is None:
                delattr(kind, name)
            else:
                setattr(kind, name, own)
        self._own.clear()

    def __enter__(self) -> Replaced:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.undo()
