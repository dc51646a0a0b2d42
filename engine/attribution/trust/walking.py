"""Which part of a model runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


class Walk:
    """Where in a model a forward pass is: `path` is that of the part that runs, empty for the model itself."""

    def __init__(self) -> None:
        self._paths = [""]

    @property
    def path(self) -> str:
        """The path of the part that runs, e.g. "model.layers.0.mlp"."""
        return self._paths[-1]

    @contextmanager
    def through(self, module: nn.Module) -> Iterator[None]:
        """Inside the `with`, it follows the calls of `module`'s parts."""
        handles = []
        for path, part in module.named_modules():

            def enter(*_: Any, path: str = path) -> None:
                self._paths.append(path)

            def leave(*_: Any) -> None:
                self._paths.pop()

            handles.append(part.register_forward_pre_hook(enter))
            handles.append(part.register_forward_hook(leave, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
