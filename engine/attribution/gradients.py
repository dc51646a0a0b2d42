"""Gradients as they come by on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils.hooks import RemovableHandle


def on_gradient(at: Tensor, read: Callable[[Tensor], None]) -> RemovableHandle:
    """Has `read` called with the gradient at a tensor, whenever one comes by."""
    untyped: Any = at  # torch's method has no types
    _ = untyped.grad_fn  # asked for first: of a view whose base was written into, torch (2.14) crashes without it
    handle: RemovableHandle = untyped.register_hook(read)
    return handle
