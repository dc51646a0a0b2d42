"""Decodes a picture's file to its pixels: 8 bits, upright, without transparency; errors say why."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from engine.protocol.failures import ImageError

MOST_PIXELS = 64_000_000  # of a picture: three times as many bytes once it is decoded

# No EPS, which runs a program, and none of the formats of few, whose decoders nobody looks after.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")
_READABLE = "PNG, JPEG, WebP, GIF, BMP or TIFF"
_DRAWINGS = {b"%!PS": "an EPS drawing", b"%PDF": "a PDF", b"\xc5\xd0\xd3\xc6": "an EPS drawing"}


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decoded picture: `pixels` uint8 (height, width, 3), upright, in sRGB."""

    pixels: np.ndarray
    note: str = ""  # what was done to it that is to be known, such as taking the first of several frames


def decode(data: bytes, name: str) -> Decoded:
    """The picture in a file's bytes. Raises ImageError, naming the file and what would do."""
    with _failures(data, name), Image.open(BytesIO(data), formats=_formats()) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise _too_large(name, f"{width:,} × {height:,} pixels")
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # a camera's previews are no frames
        image.load()
        found = upright(image, name)
    if frames > 1:
        note = f"the first of {frames:,} frames"
        return Decoded(found.pixels, f"{note}; {found.note}" if found.note else note)
    return found


def upright(image: Image.Image, name: str) -> Decoded:
    """A decoded image as its EXIF data turn it, over white where it is transparent. Raises ImageError for NaN."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return _narrowed(np.asarray(image), name)
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        if np.asarray(coloured.getchannel("A")).min() < 255:
            white = Image.new("RGBA", image.size, "white")
            return Decoded(np.array(Image.alpha_composite(white, coloured).convert("RGB")), "transparent parts white")
        image = coloured.convert("RGB")
    return Decoded(np.array(_in_srgb(image)))


def _narrowed(values: np.ndarray, name: str) -> Decoded:
    """Grey values of more than 8 bits in 8: whole numbers from 0 to 65,535, or parts of white."""
    if not np.isfinite(values).all():
        raise ImageError(f"“{name}” has pixels that are not numbers (NaN): save it again with values from 0 to 1.")
    whole = np.issubdtype(values.dtype, np.integer)
    grey = np.rint(values.clip(0, 65535) / 257 if whole else values.clip(0, 1) * 255).astype(np.uint8)
    bits = 16 if whole else 32
    return Decoded(np.repeat(grey[:, :, None], 3, axis=2), f"{bits} bits of grey in 8")


def _in_srgb(image: Image.Image) -> Image.Image:
    """The image in RGB, converted from its own colour profile if that is usable and another than sRGB."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "L", "CMYK"):
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(own).lower():
                converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return converted or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a damaged profile: the colours are taken as they are
    return image.convert("RGB")


def _formats() -> list[str]:
    """Those of the formats that the installed Pillow can read."""
    Image.init()
    return [format for format in _FORMATS if format in Image.OPEN]


@contextmanager
def _failures(data: bytes, name: str) -> Iterator[None]:
    """Inside, whatever a decoder comes upon becomes an ImageError about the file `name`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata: pixels that are there are read
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except ImageError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_large(name, "too many pixels") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"“{name}” is {_what(data)}: open a {_READABLE} picture, or save it as one first.") from error
    except MemoryError as error:
        raise ImageError(f"There is not enough memory for “{name}”: make the picture smaller.") from error
    except Exception as error:  # decoders raise whatever they come upon in a damaged file
        raise ImageError(f"“{name}” is damaged or cut short: copy it again, or open another picture.") from error


def _too_large(name: str, found: str) -> ImageError:
    most = MOST_PIXELS // 1_000_000
    return ImageError(f"“{name}” has {found}: make it smaller than {most} megapixels and open it again.")


def _what(data: bytes) -> str:
    beginning = data[:1024].lstrip()
    if b"<svg" in beginning.lower() or beginning.startswith(b"<?xml"):
        return "an SVG drawing"
    known = (what for sign, what in _DRAWINGS.items() if beginning.startswith(sign))
    return next(known, "not a picture that can be read")
