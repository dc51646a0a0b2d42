"""Picture files as the model is to see them: their bytes as they are, which the worker decodes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from engine.protocol.values import Image
from inspector.state.amounts import bytes_in_words

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
LARGEST = 64 * 2**20  # bytes of a file


class PictureError(Exception):
    """Why there is no picture, as a sentence for people."""


def read_picture(path: Path) -> Image:
    """The picture in a file. Raises PictureError where there is none to be read."""
    try:
        if path.is_dir():
            raise PictureError(f"{path.name} is a folder, not a picture.")
        if not path.is_file():
            raise PictureError(f"{path.name} is not there, or is no file.")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise PictureError(f"{path.name} could not be read: {error.strerror or error}.") from error
    return picture_of_bytes(data, path.name)


def picture_of_bytes(data: bytes, name: str) -> Image:
    """The picture in `data`. Raises PictureError where it is empty or too large."""
    if not data:
        raise PictureError(f"{name} is empty.")
    if len(data) > LARGEST:
        raise PictureError(f"{name} is larger than {bytes_in_words(LARGEST)}, the most that a picture may have.")
    return Image(name, sha256(data).hexdigest(), data)
