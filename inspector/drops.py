"""What was dropped on the window, and what it is to become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

TEXT_SUFFIXES = (".txt", ".md")


@dataclass(frozen=True)
class DroppedPrompt:
    text: str


@dataclass(frozen=True)
class DroppedPromptFile:
    path: Path


@dataclass(frozen=True)
class DroppedModel:
    name: str


@dataclass(frozen=True)
class Refused:
    """Nothing we take, and why, for people."""

    message: str


Dropped = DroppedPrompt | DroppedPromptFile | DroppedModel | Refused


def accepts(data: QMimeData) -> bool:
    """Whether it is worth letting go here."""
    return data.hasUrls() or data.hasText()


def dropped(data: QMimeData) -> Dropped:
    """What the data is to become."""
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files:
        return dropped_files(files)
    return DroppedPrompt(data.text()) if data.text() else Refused("Only texts, models and text files can be dropped.")


def dropped_files(files: Sequence[str]) -> Dropped:
    """What the first of `files` is to become: a folder or a .gguf file is a model, a text file is a prompt."""
    path = Path(files[0])
    if path.is_dir() or path.suffix.lower() == ".gguf":
        return DroppedModel(str(path))
    if path.suffix.lower() in TEXT_SUFFIXES:
        return DroppedPromptFile(path)
    return Refused(f"{path.name} is neither a model (a folder or a .gguf file) nor a text (.txt, .md).")
