"""Reads picture files; refuses pipes and devices, on which the window would wait."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine.protocol.failures import ImageError
from engine.protocol.picture_files import read_image
from engine.protocol.values import Image
from engine.writing import is_stream


def read_picture(path: Path) -> Image:
    """The picture in a file. Raises ImageError where there is none to be read, or where it might never come."""
    with suppress(OSError, ValueError):  # reading it says what is wrong
        if is_stream(path):
            raise ImageError(f"“{path.name}” is no file but a stream: save the picture in a file and open that.")
    return read_image(path)
