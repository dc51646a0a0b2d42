"""Turns data dropped on the window into a prompt, a picture or a model's name, or says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage, QImageWriter

from engine.protocol.picture_files import IMAGE_SUFFIXES

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
class DroppedImage:
    path: Path


@dataclass(frozen=True)
class DroppedPixels:
    """A picture without a file, as a program hands it over."""

    data: bytes  # of a PNG


@dataclass(frozen=True)
class Refused:
    """The reason, for people, why the data is not taken."""

    message: str


Dropped = DroppedPrompt | DroppedPromptFile | DroppedModel | DroppedImage | DroppedPixels | Refused


def accepts(data: QMimeData) -> bool:
    """Whether it is worth letting go here."""
    return data.hasUrls() or data.hasText() or data.hasImage()


def dropped(data: QMimeData) -> Dropped:
    """What the data is to become."""
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files:
        return dropped_files(files)
    if data.hasImage():
        return _pixels(data.imageData())
    return (
        DroppedPrompt(data.text())
        if data.text()
        else Refused("Only texts, pictures, models and text files can be dropped.")
    )


def dropped_files(files: Sequence[str]) -> Dropped:
    """What the first of `files` is to become: a folder or a .gguf file is a model, a text file is a prompt."""
    path = Path(files[0])
    if path.is_dir() or path.suffix.lower() == ".gguf":
        return DroppedModel(str(path))
    if path.suffix.lower() in TEXT_SUFFIXES:
        return DroppedPromptFile(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return DroppedImage(path)
    return Refused(
        f"{path.name} is neither a model (a folder or a .gguf file) nor a text (.txt, .md) nor a picture "
        f"({', '.join(IMAGE_SUFFIXES)})."
    )


def pasted_image(data: QMimeData) -> DroppedImage | DroppedPixels | Refused:
    """The picture on a clipboard: a file that was copied, or the pixels themselves."""
    found = dropped(data) if data.hasUrls() or data.hasImage() else None
    if isinstance(found, DroppedImage | DroppedPixels):
        return found
    return Refused("There is no picture on the clipboard.")


def _pixels(image: object) -> DroppedPixels | Refused:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if isinstance(image, QImage) and QImageWriter(buffer, QByteArray(b"png")).write(image):
        return DroppedPixels(bytes(buffer.data().data()))
    return Refused("The picture could not be taken over.")
