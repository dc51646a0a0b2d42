"""States that parts of a model keep from a call, such as a recurrent one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def states_without_graph(parts: Sequence[nn.Module]) -> Iterator[None]:
    """Inside the `with`, what `parts` of a model keep of a call for themselves may have a graph; afterwards not."""
    before = [state for _, _, state in _states(parts)]
    try:
        yield
    finally:
        for part, name, state in _states(parts):
            if not any(state is known for known in before):
                part.__dict__[name] = state.detach()


def _states(parts: Sequence[nn.Module]) -> list[tuple[nn.Module, str, Tensor]]:
    """Tensors with a graph that are neither parameters nor buffers, such as a recurrent state."""
    kinds = _kinds_of_tensor()
    return [
        (part, name, value)
        for part in parts
        if not kinds.isdisjoint(map(type, part.__dict__.values()))  # asked of every part, and true of few
        for name, value in part.__dict__.items()
        if isinstance(value, Tensor) and value.grad_fn is not None
    ]


def _kinds_of_tensor() -> set[type]:
    kinds: set[type] = set()
    waiting: list[type] = [Tensor]
    while waiting:
        kind = waiting.pop()
        kinds.add(kind)
        waiting += type.__subclasses__(kind)
    return kinds
