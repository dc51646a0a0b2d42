"""The caller's modes, in which tensors may have no gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from engine.protocol.failures import ModelError


@contextmanager
def with_gradients() -> Iterator[None]:
    """Inside the `with`, or the function it decorates, operations have gradients, also in a caller's `torch.no_grad()`
    or `torch.inference_mode()`."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def check_has_gradients(module: nn.Module) -> None:
    """Raises ModelError where the weights were made under inference mode."""
    first = next(module.parameters(), None)
    if first is not None and first.is_inference():
        raise ModelError(
            f"This {type(module).__name__} was made under torch.inference_mode(), whose tensors can have no gradients: "
            "make it, or open it, outside."
        )
