"""Reads GGUF files through transformers, and nothing in them twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import gguf as gguf_package


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
