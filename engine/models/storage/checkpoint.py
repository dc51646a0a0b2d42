"""Looks into a model's folder or file, at its settings and weights, before anything is loaded."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.protocol.failures import ModelError

WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there is read
PREPROCESSOR_FILE = "preprocessor_config.json"  # of a model that takes images
TOKENIZER_FILES = ("tokenizer.json", "tekken.json", "vocab.json", "vocab.txt", "*.model", "*.tiktoken")

_SAFETENSORS_HEADER_LIMIT = 100_000_000  # bytes, as in the safetensors library


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
        if (self.folder / "adapter_config.json").is_file():
            base = read_json(self.folder / "adapter_config.json").get("base_model_name_or_path", "its base model")
            raise ModelError(f"“{self.shown}” holds an adapter, not a model. Merge it into {base} and open the result.")
        if found := sorted(file.name for file in self.folder.glob("*.gguf")):
            raise ModelError(f"“{self.shown}” holds GGUF files. Open one of them: {', '.join(found[:5])}.")
        raise ModelError(f"“{self.shown}” is not a model: there is no config.json in it.")

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
    parts = read_json(index).get("weight_map")
    if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
        raise ModelError(f"The file “{index.name}” does not say which weights are where.", "model_damaged")
    return sorted(set(parts.values()))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises ModelError, naming the file, where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The file “{path.name}” is damaged: {error}.", "model_damaged") from error
    if not isinstance(content, dict):
        raise ModelError(f"The file “{path.name}” is damaged: there is no object in it.", "model_damaged")
    return content


def stored_tensors(path: Path) -> Iterator[tuple[str, str, int]]:
    """The name, dtype and number of elements of each tensor in a safetensors file.

    Raises ModelError where the file cannot be what it says, such as one whose copying was interrupted.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(_SAFETENSORS_HEADER_LIMIT, size - 8):
            raise _damaged(path, "it does not begin as a safetensors file does")
        try:
            header = json.loads(file.read(length))
            tensors = [(name, entry) for name, entry in header.items() if name != "__metadata__"]
            end = max((entry["data_offsets"][1] for _, entry in tensors), default=0)
            found = [(name, entry["dtype"], math.prod(entry["shape"])) for name, entry in tensors]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise _damaged(path, "its table of contents cannot be read") from error
    if size != 8 + length + end:
        raise _damaged(path, f"it has {size:,} bytes and should have {8 + length + end:,}")
    yield from found


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(f"The file “{path.name}” is damaged: {why}. Copy or download it again.", "model_damaged")
