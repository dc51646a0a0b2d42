"""Reads the header of a GGUF file and holds every count in it against the file's size: the gguf package trusts them.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from engine.models.storage.entries import damaged, require_counts, unreadable

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_WHOLE = frozenset("BbHhIiQq")
_MOST_AXES = 8
_DEEPEST = 4  # arrays in arrays
_SMALLEST_ENTRY, _SMALLEST_TENSOR = 8 + 4 + 1, 8 + 4 + 4 + 8  # bytes


@dataclass(frozen=True)
class GgufHeader:
    """How many numbers and tensors a GGUF file holds."""

    elements: int
    tensors: int


def read_header(path: Path) -> GgufHeader:
    """What a GGUF file holds. Raises ModelError, naming file and entry, where a count goes beyond the file's end."""
    try:
        return _header(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _header(path: Path) -> GgufHeader:
    with path.open("rb") as file:
        if path.stat().st_size < 24:
            raise damaged(path.name, "it is too short for a GGUF file")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Cursor(path.name, data).header()


class _Cursor:
    """A place in the header, which moves on as things are read."""

    def __init__(self, file: str, data: mmap.mmap) -> None:
        self._file, self._data, self._at, self._order = file, data, 0, "<"
        self._where = "the beginning"

    def header(self) -> GgufHeader:
        if self._taken(4) != b"GGUF":
            raise damaged(self._file, "it does not begin as a GGUF file does")
        if not self._number("I") & 0xFFFF:  # the version, of the other byte order
            self._order = ">"
        tensors, entries = self._number("Q"), self._number("Q")
        self._require(
            tensors * _SMALLEST_TENSOR + entries * _SMALLEST_ENTRY, f"{entries:,} entries, {tensors:,} tensors"
        )
        require_counts(self._file, self._entries(entries))
        return GgufHeader(sum(self._tensor() for _ in range(tensors)), tensors)

    def _entries(self, count: int) -> Iterator[tuple[str, int]]:
        """The whole numbers among the entries, by name."""
        for index in range(count):
            self._where = f"entry {index + 1:,} of {count:,}"
            name = self._where = self._text()
            kind = self._number("I")
            if _SCALARS.get(kind) in _WHOLE:
                yield name, self._number(_SCALARS[kind])
            else:
                self._skip(kind, _DEEPEST)

    def _skip(self, kind: int, depth: int) -> None:
        if kind in _SCALARS:
            self._taken(struct.calcsize(_SCALARS[kind]))
        elif kind == _TEXT:
            self._text_bytes()
        elif kind == _ARRAY and depth:
            inner, count = self._number("I"), self._number("Q")
            if inner in _SCALARS:
                self._taken(count * struct.calcsize(_SCALARS[inner]))
                return
            self._require(count * 8, f"{count:,} values")
            for _ in range(count):
                self._skip(inner, depth - 1)
        else:
            raise damaged(self._file, f"its entry “{self._where}” is of a type that there is not ({kind})")

    def _tensor(self) -> int:
        self._where = "the list of tensors"
        name = self._where = self._text()
        axes = self._number("I")
        if axes > _MOST_AXES:
            raise damaged(self._file, f"its tensor “{name}” has {axes:,} axes")
        elements = math.prod(self._number("Q") for _ in range(axes))
        kind = self._number("I")
        if kind not in list(GGMLQuantizationType):
            raise damaged(self._file, f"its tensor “{name}” is of a type that there is not ({kind})")
        block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        start = self._number("Q")
        if start + elements // block * size > len(self._data):
            raise damaged(self._file, f"its tensor “{name}” with {elements:,} numbers goes beyond its end")
        return elements

    def _text(self) -> str:
        return self._text_bytes().decode("utf-8", "backslashreplace")

    def _text_bytes(self) -> bytes:
        return self._taken(self._number("Q"))

    def _number(self, form: str) -> int:
        value: int = struct.unpack(self._order + form, self._taken(struct.calcsize(form)))[0]
        return value

    def _taken(self, count: int) -> bytes:
        self._require(count, f"{count:,} bytes")
        self._at += count
        return self._data[self._at - count : self._at]

    def _require(self, count: int, what: str) -> None:
        if count > len(self._data) - self._at:
            raise damaged(self._file, f"{what} at “{self._where}” go beyond its end")
