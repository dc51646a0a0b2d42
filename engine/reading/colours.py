"""Relevance as colour: symmetric about zero, the same on the screen and on paper."""

from __future__ import annotations

from functools import lru_cache

import cmap
import numpy as np

from engine.protocol.looks import DEFAULT_COLOUR_MAP, Scale
from engine.protocol.relevance import Relevance

ROUNDING = 1e-6  # of the target: more than float32 leaves of a sum that is zero
UNSEEN = 0.35  # of its contrast with the ground, which a picture keeps where the model did not see it


def relevance_at(relevance: Relevance, layer: int | None) -> np.ndarray:
    """The relevance of every token at `layer`, float32 (token,); None is the input."""
    return relevance.input if layer is None else relevance.layers[layer]


def colour_limit(relevance: Relevance, layer: int | None, scale: Scale) -> float:
    """The relevance, in logits, at which the colours end on either side of zero. Never zero.

    Where a layer has nothing but rounding noise they end at the target's value: its tokens have no colour.
    """
    if scale == "layer":
        span = relevance_at(relevance, layer)
    elif scale == "global":
        span = relevance.layers
    else:
        span = np.array([relevance.value])
    finite = np.abs(span[np.isfinite(span)])
    value = abs(relevance.value) if np.isfinite(relevance.value) else 0.0
    largest = float(finite.max(initial=0.0))
    return (largest if largest > ROUNDING * value else value) or 1.0


@lru_cache
def colour_table(name: str = DEFAULT_COLOUR_MAP) -> np.ndarray:
    """The map as uint8 (256, 3), from the most negative to the most positive."""
    table = (cmap.Colormap(name).lut(256)[:, :3] * 255).round().astype(np.uint8)
    table.flags.writeable = False
    return table


def colours(values: np.ndarray, limit: float, name: str = DEFAULT_COLOUR_MAP) -> np.ndarray:
    """The colour of each value, uint8 (..., 3): the map's middle at zero, its ends at ± `limit`. NaN is zero."""
    place = np.nan_to_num(values / limit, nan=0.0).clip(-1, 1)
    painted: np.ndarray = colour_table(name)[(127.5 + 127.5 * place).round().astype(int)]
    return painted


def greyed(pixels: np.ndarray) -> np.ndarray:
    """The picture as it is under relevance, uint8 (height, width, 3): its own colours would be taken for relevance.

    An overlay is (1 − opacity) × this + opacity × colour, on the screen and on paper. The opacity is the same all over:
    where it fades with relevance, what is weak or dark in the picture cannot be read.
    """
    grey = (pixels @ np.array([0.299, 0.587, 0.114], np.float32)).round().astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def wants_white_text(background: np.ndarray) -> np.ndarray:
    """True (...) where white text has more contrast than black on `background` uint8 (..., 3) (WCAG 2, luminance)."""
    c = background / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    dark: np.ndarray = (luminance + 0.05) ** 2 < 1.05 * 0.05
    return dark
