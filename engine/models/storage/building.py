"""Watches a model being built from its settings: one of more than its files could hold is not built to the end."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor, nn
from torch.nn.modules import module as hooks

from engine.models.storage.checkpoint import stored_tensors
from engine.models.storage.gguf_header import read_header
from engine.protocol.failures import ModelError

# How much more is built than is stored: shared weights are stored once, a checkpoint's tensor may hold many experts.
_TIMES_ELEMENTS, _TIMES_MODULES = 4, 100
_FREE_ELEMENTS, _FREE_MODULES = 1 << 24, 4_000

_FLOATS = ("F64", "F32", "F16", "BF16")
_IN_AN_INTEGER = 32


@contextmanager
def building(files: Sequence[Path], shown: str) -> Iterator[None]:
    """Inside, a module that is built of more than the weights in `files` can fill ends in a ModelError."""
    counts = [_counted(path) for path in files]
    most_elements = _TIMES_ELEMENTS * sum(elements for elements, _ in counts) + _FREE_ELEMENTS
    most_modules = _TIMES_MODULES * sum(tensors for _, tensors in counts) + _FREE_MODULES
    sizes: dict[tuple[int, str], int] = {}
    elements = modules = 0

    def count_tensor(owner: nn.Module, name: str, tensor: Tensor | None) -> None:
        nonlocal elements
        key, size = (id(owner), name), 0 if tensor is None else tensor.numel()
        elements += size - sizes.get(key, 0)
        sizes[key] = size
        if elements > most_elements:
            raise _absurd(shown, type(owner).__name__, f"{most_elements:,} numbers")

    def count_module(owner: nn.Module, name: str, part: nn.Module | None) -> None:
        nonlocal modules
        modules += 1
        if modules > most_modules:
            raise _absurd(shown, type(owner).__name__, f"{most_modules:,} parts")

    handles = (
        hooks.register_module_parameter_registration_hook(count_tensor),
        hooks.register_module_buffer_registration_hook(count_tensor),
        hooks.register_module_module_registration_hook(count_module),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _absurd(shown: str, where: str, most: str) -> ModelError:
    return ModelError(
        f"The settings of “{shown}” describe a model of more than {most}, seen in a {where}; its files hold far fewer. "
        "Copy or download its config.json again.",
        "model_damaged",
    )


def _counted(path: Path) -> tuple[int, int]:
    """How many numbers the file holds at most, and how many tensors."""
    match path.suffix:
        case ".safetensors":
            tensors = list(stored_tensors(path))
            # Integers hold several weights each, of few bits.
            return sum(count * (1 if stored in _FLOATS else _IN_AN_INTEGER) for _, stored, count in tensors), len(
                tensors
            )
        case ".gguf":
            header = read_header(path)
            return header.elements, header.tensors
        case _:
            names = len(zipfile.ZipFile(path).namelist()) if zipfile.is_zipfile(path) else 0
            return path.stat().st_size, names
