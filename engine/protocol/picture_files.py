"""Files of pictures, taken alike by library, command and window; they are decoded later."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from engine.protocol.failures import ImageError
from engine.protocol.values import Image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
LARGEST = 256 * 2**20  # bytes of a file: more than the most pixels that are decoded have without compression


def read_image(path: Path) -> Image:
    """The picture in a file. Raises ImageError where there is none to be read, naming the file and what would do."""
    name = path.name or str(path)
    try:
        if path.is_dir():
            raise ImageError(f"“{name}” is a folder: open a picture in it.")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise ImageError(f"There is no file “{path}”: open a picture that is there.") from error
    except PermissionError as error:
        raise ImageError(f"“{name}” may not be read: allow that, or open a copy of it.") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"“{path}” cannot be read ({error}): open another picture.") from error
    return image_of(data, name)


def image_of(data: bytes, name: str) -> Image:
    """The picture in the bytes of a file. Raises ImageError where they are none or too many."""
    if not data:
        raise ImageError(f"“{name}” is empty: copy it again, or open another picture.")
    if len(data) > LARGEST:
        raise ImageError(f"“{name}” is larger than {LARGEST // 2**20} MiB: make the picture smaller and open it again.")
    return Image(name, sha256(data).hexdigest(), data)
