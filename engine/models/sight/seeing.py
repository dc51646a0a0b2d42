"""A picture as a model sees it: its pixel values, and which part of the picture they show.

What a model does to a picture is a function nobody can look into. Shown pictures whose pixels are known, it tells:

1. Of black and of white it gives the two ends of each channel, and so what undoes its scaling.
2. Of a picture that is redder to the right and greener downwards it gives the place each of its pixels came from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.models.opening import Model
from engine.models.sight.decoding import Decoded, decode, upright
from engine.models.sight.grey import Preprocess, channels_of, in_grey
from engine.protocol import values
from engine.protocol.failures import EngineError, ImageError
from engine.protocol.picture_files import read_image
from engine.protocol.values import Seen

AnyImage = values.Image | str | Path | Image.Image | np.ndarray

_SMALL = (64, 64)
_MARGIN = 0.1  # of each side, where resizing and padding show
_LARGEST = 1280  # pixels a side, of the whole picture: what there is room for on a screen
_STRAIGHT = 2.0  # mean deviation from a line, in parts of 255, up to which it is one

Box = tuple[float, float, float, float]
Span = tuple[float, float]


def see(model: Model, image: AnyImage) -> tuple[Tensor, Seen]:
    """The pixel values (1, channel, height, width) of `image` in float32 on the CPU, and what of it the model sees.

    A model of one channel is shown the picture's grey. Raises ImageError where the picture cannot be read or the model
    cannot take it.
    """
    preprocess = _preprocess_of(model)
    name, picture = _opened(image)
    pixel_values = _preprocessed(preprocess, picture.pixels, model)
    if not pixel_values.isfinite().all():
        raise ImageError(f"{model.info.title} turns “{name}” into pixels that are not numbers: check `preprocess=`.")
    height, width = picture.pixels.shape[:2]
    ends = _ends(preprocess, model)
    box = _box(preprocess, ends, width, height)
    whole = None if box is None else _bounded(picture.pixels)
    seen = Seen(name, _as_seen(pixel_values, ends), (width, height), box, picture.note, whole)
    return pixel_values[None], seen


def see_noise(model: Model) -> Tensor:
    """The pixel values (1, channel, height, width) of a picture of noise, the same every time. Raises ImageError."""
    return see(model, np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8))[0]


def _preprocess_of(model: Model) -> Preprocess:
    model.must_take("picture")
    channels = channels_of(model.module)
    if model.preprocess is None:
        raise ImageError(
            f"{model.info.title} came without its way to scale and crop pictures: open it with `preprocess=`, a "
            f"function from a PIL image to a tensor ({channels}, height, width), or give pixel_values.",
            "model_unsupported",
        )
    return in_grey(model.preprocess) if channels == 1 else model.preprocess


def _opened(image: AnyImage) -> tuple[str, Decoded]:
    """A name for the picture and its pixels."""
    match image:
        case values.Image(name=name, data=data):
            return name, decode(data, name)
        case str() | Path():
            return _opened(read_image(Path(image).expanduser()))
        case Image.Image():
            name = Path(str(getattr(image, "filename", ""))).name or "picture"
            return name, upright(image, name)
        case np.ndarray():
            return "picture", _of_array(image)
        case _:
            raise ImageError(
                f"A picture is a path, a PIL image or a uint8 array (height, width, 3), not {type(image).__name__}."
            )


def _of_array(array: np.ndarray) -> Decoded:
    grey = array.ndim == 2
    if array.dtype != np.uint8 or not array.size or not (grey or (array.ndim == 3 and array.shape[2] == 3)):
        shape = ", ".join(map(str, array.shape))
        raise ImageError(f"An array is a picture as uint8 (height, width, 3), not as {array.dtype} ({shape}).")
    return Decoded(np.repeat(array[:, :, None], 3, axis=2) if grey else array)


def _preprocessed(preprocess: Preprocess, pixels: np.ndarray, model: Model) -> Tensor:
    """What the model makes of `pixels`: float32 (channel, height, width)."""
    height, width = pixels.shape[:2]
    channels = channels_of(model.module)
    try:
        found = preprocess(Image.fromarray(pixels))
    except (MemoryError, EngineError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever a library or a person's own function comes upon
        raise ImageError(
            f"{model.info.title} cannot take a picture of {width:,} × {height:,} pixels ({error}): open another."
        ) from error
    if not isinstance(found, Tensor) or found.ndim != 3 or len(found) != channels or not found.numel():
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ImageError(
            f"The `preprocess` of {model.info.title} gives {shape}, not a tensor ({channels}, height, width).",
            "model_unsupported",
        )
    return found.detach().float().cpu()


def _ends(preprocess: Preprocess, model: Model) -> tuple[Tensor, Tensor]:
    """What black and white become: (channel, 1, 1) each. In the middle, because there may be padding around."""
    found = (_preprocessed(preprocess, np.full((*_SMALL, 3), shade, np.uint8), model) for shade in (0, 255))
    black, white = (end[:, end.shape[1] // 2, end.shape[2] // 2, None, None] for end in found)
    if (black == white).any():
        raise ImageError(
            f"The `preprocess` of {model.info.title} makes black and white the same: it is not one of pictures.",
            "model_unsupported",
        )
    return black, white


def _levels(pixel_values: Tensor, ends: tuple[Tensor, Tensor]) -> Tensor:
    """Pixel values (channel, height, width) in parts of 255, as before the model's scaling."""
    black, white = ends
    return (pixel_values - black) / (white - black) * 255


def _as_seen(pixel_values: Tensor, ends: tuple[Tensor, Tensor]) -> np.ndarray:
    levels = _levels(pixel_values, ends).round().clamp(0, 255).to(torch.uint8)
    return levels.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()


def _bounded(pixels: np.ndarray) -> np.ndarray:
    """The picture, made smaller where it is larger than a screen."""
    if max(pixels.shape) <= _LARGEST:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((_LARGEST, _LARGEST), reducing_gap=2.0)
    return np.array(image)


def _box(preprocess: Preprocess, ends: tuple[Tensor, Tensor], width: int, height: int) -> Box | None:
    """The left, top, right and bottom of what is seen, in pixels of the original. None where it is no rectangle."""
    ramps = np.zeros((height, width, 3), np.uint8)
    ramps[:, :, 0] = _ramp(width)
    ramps[:, :, 1] = _ramp(height)[:, None]
    # Of one channel each ramp is a picture of its own
    pictures = [ramps] if len(ends[0]) == 3 else [np.repeat(ramps[:, :, i, None], 3, axis=2) for i in (0, 1)]
    shown = [_levels(preprocess(Image.fromarray(one)).detach().float().cpu(), ends) for one in pictures]
    red, green = torch.cat(shown)[:2].double().numpy()
    across, down = _extent(red, width), _extent(green.T, height)
    if not across or not down:
        return None
    across, down = _in_proportion(_snapped(across, width), _snapped(down, height), (width, height), red.shape)
    return across[0], down[0], across[1], down[1]


def _ramp(length: int) -> np.ndarray:
    """From black to white in `length` pixels, each of the shade at its middle."""
    return np.rint(255 * (np.arange(length) + 0.5) / length).astype(np.uint8)


def _extent(shades: np.ndarray, length: int) -> Span | None:
    """Where in the original's `length` the first and the last column begin and end, by a line through the shades."""
    inside = shades[tuple(slice(int(_MARGIN * n), n - int(_MARGIN * n)) for n in shades.shape)]
    if inside.shape[1] < 2:
        return None
    middles = np.arange(inside.shape[1]) + int(_MARGIN * shades.shape[1]) + 0.5
    slope, start = np.polyfit(middles, inside.mean(0), 1)
    if slope <= 0 or np.abs(inside - (start + slope * middles)).mean() > _STRAIGHT:
        return None
    ends = (edge / 255 * length for edge in (start, start + slope * shades.shape[1]))
    first, last = (float(np.clip(end, 0, length)) for end in ends)
    return first, last


def _error(length: int) -> float:
    """How many of the original's pixels a place found by its shade may be off: one shade, and no less than a pixel."""
    return max(1.0, length / 255)


def _snapped(found: Span, length: int) -> Span:
    """What is as near to the picture's edge as the error is at the edge."""
    first, last = found
    near = _error(length)
    return 0.0 if first <= near else first, float(length) if last >= length - near else last


def _in_proportion(across: Span, down: Span, original: tuple[int, int], shape: tuple[int, ...]) -> tuple[Span, Span]:
    """Both adjusted to square pixels, if that is no further off than the error.

    What reaches from edge to edge is known, and the other follows it; else both take the mean.
    """
    (width, height), (rows, columns) = original, shape
    wide, high = (across[1] - across[0]) / columns, (down[1] - down[0]) / rows
    is_whole = across == (0, width), down == (0, height)
    both_ends = 2 * max(_error(width), _error(height))
    if all(is_whole) or abs(wide - high) * max(rows, columns) > both_ends:
        return across, down
    pixel = wide if is_whole[0] else high if is_whole[1] else (wide + high) / 2
    return _of_length(across, pixel * columns), _of_length(down, pixel * rows)


def _of_length(span: Span, length: float) -> Span:
    """A span about the same middle."""
    middle = (span[0] + span[1]) / 2
    return middle - length / 2, middle + length / 2
