"""What the parts of a model keep of a call for themselves, such as a recurrent state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def states_without_graph(module: nn.Module) -> Iterator[None]:
    """Inside the `with`, what parts of `module` keep of a call for themselves may have a graph; afterwards not."""
    before = [state for _, _, state in _states(module)]
    try:
        yield
    finally:
        for part, name, state in _states(module):
            if not any(state is known for known in before):
                part.__dict__[name] = state.detach()


def _states(module: nn.Module) -> list[tuple[nn.Module, str, Tensor]]:
    """Tensors with a graph that are neither parameters nor buffers, such as a recurrent state."""
    attributes = ((part, name, value) for part in module.modules() for name, value in part.__dict__.items())
    return [found for found in attributes if isinstance(found[2], Tensor) and found[2].grad_fn is not None]
