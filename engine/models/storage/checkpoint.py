"""Looks into a model's folder or file, at its settings and weights, before anything is loaded."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from engine.models.storage.entries import as_entries, damaged, require_entries, unreadable
from engine.protocol.failures import ModelError

WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there is read
PREPROCESSOR_FILE = "preprocessor_config.json"  # of a model that takes images
TOKENIZER_FILES = ("tokenizer.json", "tekken.json", "vocab.json", "vocab.txt", "*.model", "*.tiktoken")

_SAFETENSORS_HEADER_LIMIT = 100_000_000  # bytes, as in the safetensors library
_SETTINGS_LIMIT = 1_000_000_000  # bytes: twenty times the largest tokenizer
_READ_WHOLE = (".json", ".jinja", ".txt", ".model")  # not weights, which are mapped
_LONGEST_NAME = 255  # characters of a file's name
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "U16": 16, "I16": 16, "F16": 16}
_BITS |= {"BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64}


_Natural = Annotated[int, Meta(ge=0)]


class _Stored(Struct):
    """A tensor as the table of contents of a safetensors file tells of it."""

    dtype: str
    shape: list[_Natural]
    data_offsets: tuple[_Natural, _Natural]


@dataclass(frozen=True)
class Checkpoint:
    """A folder in Hugging Face format, or one GGUF file in a folder."""

    folder: Path
    gguf: str | None = None

    @property
    def shown(self) -> str:
        """What to call it in a message."""
        return self.gguf or self.folder.name

    def settings(self) -> dict[str, Any]:
        """The content of config.json. Raises ModelError where there is none."""
        path = self.folder / "config.json"
        if path.is_file():
            return read_json(path)
        if found := sorted(file.name for file in self.folder.glob("*.gguf")):
            raise ModelError(f"“{self.shown}” holds GGUF files. Open one of them: {', '.join(found[:5])}.")
        raise ModelError(f"“{self.shown}” is not a model: there is no config.json in it.")

    def base_of_adapter(self) -> str | None:
        """The model that the adapter in this folder sits in, as it is named there; None where there is no adapter.

        Raises ModelError where none is named.
        """
        settings = self.folder / "adapter_config.json"
        if self.gguf or (self.folder / "config.json").is_file() or not settings.is_file():
            return None
        base = read_json(settings).get("base_model_name_or_path")
        if not base or not isinstance(base, str):
            raise damaged(settings.name, "it names no base model for its adapter")
        beside = self.folder.parent / base
        return str(beside) if beside.is_dir() else base

    def require_plain_files(self) -> None:
        """Raises ModelError where the folder holds what has no end, such as a pipe, or settings of gigabytes."""
        for path in self.folder.iterdir():
            if path.exists() and not (path.is_file() or path.is_dir()):
                raise damaged(path.name, "it is no file but a pipe or a device")
            if path.suffix in _READ_WHOLE and path.stat().st_size > _SETTINGS_LIMIT:
                raise damaged(path.name, f"it has {path.stat().st_size:,} bytes, too many for settings")

    def weight_files(self) -> list[Path]:
        """The files the weights are in. Raises ModelError where one is missing."""
        if self.gguf:
            return [self.folder / self.gguf]
        for name in WEIGHTS:
            files = weight_names(name, self.folder)
            if files:
                paths = [self.folder / file for file in files]
                self._require(paths)
                return paths
        raise ModelError(
            f"“{self.shown}” holds no weights: neither model.safetensors nor pytorch_model.bin is there.",
            "model_damaged",
        )

    def is_complete(self) -> bool:
        """Whether settings, weights and what makes the input of texts or pictures are all there."""
        try:
            settings, _ = self.settings(), self.weight_files()
        except ModelError:
            return False
        return self.has_tokenizer() or self.has_preprocessor() or "preprocessing" in settings

    def has_preprocessor(self) -> bool:
        """Whether there is a file that says how pictures are scaled and cropped."""
        return (self.folder / PREPROCESSOR_FILE).is_file()

    def tokenizer_files(self) -> list[str]:
        """The names of the files that the tokenizer is read from."""
        if self.gguf:
            return [self.gguf]
        patterns = (*TOKENIZER_FILES, "tokenizer_config.json")
        return sorted({path.name for pattern in patterns for path in self.folder.glob(pattern)})

    def has_tokenizer(self) -> bool:
        """Whether there is a file that a tokenizer can be made of."""
        return any(any(self.folder.glob(pattern)) for pattern in TOKENIZER_FILES)

    def _require(self, paths: Sequence[Path]) -> None:
        missing = [path.name for path in paths if not path.is_file()]
        if missing:
            raise ModelError(
                f"“{self.shown}” lacks {len(missing)} of its {len(paths)} weight files: {', '.join(missing[:3])}.",
                "model_damaged",
            )


def weight_names(whole: str, folder: Path) -> list[str]:
    """The files in `folder` that make up the weights called `whole`: itself, or the parts its index lists."""
    if (folder / whole).is_file():
        return [whole]
    index = folder / f"{whole}.index.json"
    if not index.is_file():
        return []
    parts = sorted(set(read_json(index)["weight_map"].values()))
    for part in parts:
        if part in ("", ".", "..") or len(part) > _LONGEST_NAME or re.search(r"[/\\\0]", part):
            raise damaged(index.name, f"it names the weights “{part}”, which are not a file in the folder")
    return parts


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, each entry of the type that it is read as. Raises ModelError, naming the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The file “{path.name}” is damaged: {error}.", "model_damaged") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if not isinstance(content, dict):
        raise ModelError(f"The file “{path.name}” is damaged: there is no object in it.", "model_damaged")
    require_entries(path, content)
    return content


def stored_tensors(path: Path) -> Iterator[tuple[str, str, int]]:
    """The name, dtype and number of elements of each tensor in a safetensors file.

    Raises ModelError where the file cannot be what it says, such as one whose copying was interrupted.
    """
    try:
        size, header = _header(path)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        content = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise damaged(path.name, "its table of contents cannot be read") from error
    if not isinstance(content, dict):
        raise damaged(path.name, "its table of contents cannot be read")
    tensors = {
        name: as_entries(path.name, entry, _Stored, within=name)
        for name, entry in content.items()
        if name != "__metadata__"
    }
    for name, tensor in tensors.items():
        _require_extent(path, name, tensor)
    whole = 8 + len(header) + max((tensor.data_offsets[1] for tensor in tensors.values()), default=0)
    if size != whole:
        raise damaged(path.name, f"it has {size:,} bytes and should have {whole:,}")
    yield from ((name, tensor.dtype, math.prod(tensor.shape)) for name, tensor in tensors.items())


def _header(path: Path) -> tuple[int, bytes]:
    """The size of a safetensors file, and its table of contents."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(_SAFETENSORS_HEADER_LIMIT, size - 8):
            raise damaged(path.name, "it does not begin as a safetensors file does")
        return size, file.read(length)


def _require_extent(path: Path, name: str, tensor: _Stored) -> None:
    start, end = tensor.data_offsets
    bits = _BITS.get(tensor.dtype)
    if end < start or (bits is not None and math.prod(tensor.shape) * bits != 8 * (end - start)):
        shape = ", ".join(map(str, tensor.shape))
        raise damaged(
            path.name, f"“{name}”, {tensor.dtype} of ({shape}), does not take the {end - start:,} bytes it has"
        )
