"""Reads picture files; refuses pipes and devices, on which the window would wait."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

from engine.protocol.failures import ImageError
from engine.protocol.picture_files import read_image
from engine.protocol.values import Image


def read_picture(path: Path) -> Image:
    """The picture in a file. Raises ImageError where there is none to be read, or where it might never come."""
    with suppress(OSError, ValueError):  # reading it says what is wrong
        if stat.S_IFMT(path.stat().st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            raise ImageError(f"“{path.name}” is no file but a stream: save the picture in a file and open that.")
    return read_image(path)
