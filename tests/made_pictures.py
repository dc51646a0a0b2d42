"""Files of pictures, most of which are none."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image


def stored(image: Image.Image, format: str = "PNG", **keywords: object) -> bytes:
    """The bytes of a file."""
    file = BytesIO()
    image.save(file, format, **keywords)
    return file.getvalue()


def noise(format: str = "PNG") -> bytes:
    """64 x 64 pixels."""
    return stored(Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)), format)


def huge_png() -> bytes:
    """The beginning of a picture of 30,000 x 30,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def with_nan() -> bytes:
    """A TIFF whose grey values are parts of white, but for one that is no number."""
    values = np.full((8, 8), 0.5, np.float32)
    values[3, 4] = np.nan
    return stored(Image.fromarray(values), "TIFF")
