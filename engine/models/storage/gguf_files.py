"""Reads GGUF files through transformers, and nothing in them twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import gguf as gguf_package

from engine.protocol.failures import ModelError


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, what is asked of the gguf package is remembered; the package is put back.

    transformers reads the vocabulary with every look at a file, four times for one model, and builds the table of
    all names anew for every module: most of the time that opening a small model takes.
    """
    gguf: Any = gguf_package
    reader, names = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader = lru_cache(maxsize=1)(lambda path: reader(path))
    gguf.get_tensor_name_map = lru_cache(maxsize=1)(names)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = reader, names


def stored_elements(path: Path) -> int:
    """The number of weights in a GGUF file. Raises ModelError where the file cannot be read."""
    return sum(int(tensor.n_elements) for tensor in _contents(path).tensors)


def _contents(path: Path) -> Any:
    try:
        return gguf_package.GGUFReader(str(path))
    except (ArithmeticError, LookupError, MemoryError, OSError, ValueError) as error:
        raise ModelError(
            f"The file “{path.name}” is damaged or no GGUF file: {error}. Copy or download it again.", "model_damaged"
        ) from error
