"""Relevance as colour: zero has none, red speaks for, blue against, and what matters stands out of a light ground and
out of a dark one alike; the same on the screen and on paper."""

from __future__ import annotations

from functools import lru_cache

import cmap
import numpy as np

from engine.protocol.looks import DEFAULT_COLOUR_MAP, Ground, Ramp

UNSEEN = 0.35  # of its contrast with the ground, which a picture keeps where the model did not see it
FAINTEST = 0.02  # of a ramp: below, a token is paper
_SIGNED = 0.22  # of a ramp
LEAST_CONTRAST = 4.5  # of text with what it lies on (WCAG 2, AA)

GROUNDS: dict[Ground, str] = {"light": "#ffffff", "dark": "#121418"}
INKS: dict[Ground, str] = {"light": "#1a1e26", "dark": "#e7eaf0"}

_STEPS = 256  # colours on either side of zero
# The colours of our own map at 1/4, 1/2, 3/4 and 1 of the limit; each stands out of its ground more than the last
_FOR: dict[Ground, tuple[str, ...]] = {
    "light": ("#fcdcd2", "#f3a08c", "#da4d44", "#980c20"),
    "dark": ("#47201c", "#963d31", "#e0705a", "#ffc4b0"),
}
_AGAINST: dict[Ground, tuple[str, ...]] = {
    "light": ("#d9e4f8", "#98b7eb", "#4a78cf", "#143b88"),
    "dark": ("#1a2f54", "#2d579b", "#5a93e2", "#b9d8ff"),
}
_ENDS: dict[Ground, float] = {"light": 0.35, "dark": 0.9}  # how light a map that is turned ends, in OKLab


def rgb_of(name: str) -> np.ndarray:
    """#rrggbb as uint8 (3,)."""
    return np.frombuffer(bytes.fromhex(name.removeprefix("#")), np.uint8)


@lru_cache
def colour_table(name: str = DEFAULT_COLOUR_MAP, ground: Ground = "light") -> np.ndarray:
    """The map as uint8 (511, 3), from the most negative to the most positive; its middle is the ground.

    A map made for the other ground is turned: its hues stay, and its lightness runs from this ground to the ends.
    Raises ValueError where there is no such map.
    """
    if name == DEFAULT_COLOUR_MAP:
        against, for_ = (_between((GROUNDS[ground], *stops[ground])) for stops in (_AGAINST, _FOR))
        table = np.concatenate([against[::-1], for_[1:]])
    else:
        table = _on_ground(cmap.Colormap(name).lut(2 * _STEPS - 1)[:, :3], ground)
    painted = (table.clip(0, 1) * 255).round().astype(np.uint8)
    painted.flags.writeable = False
    return painted


def places_on(ramp: Ramp, values: np.ndarray, limit: float | np.ndarray) -> np.ndarray:
    """Where on the ramp each value is, from -1 to 1: sign x min(1, |value| / limit) ^ contrast. NaN is zero."""
    shares = np.nan_to_num(np.asarray(values) / limit, nan=0.0).clip(-1, 1)
    if ramp.contrast == 1:
        return shares
    placed: np.ndarray = np.sign(shares) * np.abs(shares) ** ramp.contrast
    return placed


def is_against(places: np.ndarray) -> np.ndarray:
    """Where a sign says what the colour does, that a token speaks against; weaker ones need none."""
    marked: np.ndarray = places < -_SIGNED
    return marked


def colours(values: np.ndarray, limit: float | np.ndarray, ramp: Ramp, ground: Ground = "light") -> np.ndarray:
    """The colour of each value, uint8 (..., 3): the ground at zero, the map's ends at ± `limit` and beyond."""
    return coloured(places_on(ramp, values, limit), ramp, ground)


def coloured(places: np.ndarray, ramp: Ramp, ground: Ground) -> np.ndarray:
    """The colours, uint8 (..., 3), at these places of a ramp, from -1 to 1."""
    middle = _STEPS - 1
    painted: np.ndarray = colour_table(ramp.colour_map, ground)[(middle + middle * places).round().astype(int)]
    return painted


def inks(background: np.ndarray, ground: Ground) -> np.ndarray:
    """The colour of text on `background` uint8 (..., 3): the ground's ink where it can be read, else white or black.

    That has a contrast of 4.5 or more with every colour of every map on offer.
    """
    own = rgb_of(INKS[ground])
    chosen = np.where((contrast(background, own) >= LEAST_CONTRAST)[..., None], own, np.uint8(255))
    white = contrast(background, np.full(3, 255)) >= contrast(background, np.zeros(3))
    needed = contrast(background, own) < LEAST_CONTRAST
    chosen[needed & ~white] = 0
    return chosen


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How much two colours (..., 3), from 0 to 255, stand out of each other: 1 to 21 (WCAG 2)."""
    a, b = _luminance(one), _luminance(other)
    ratio: np.ndarray = (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)
    return ratio


def greyed(pixels: np.ndarray) -> np.ndarray:
    """The picture as it is under relevance, uint8 (height, width, 3): its own colours would be taken for relevance.

    An overlay is (1 − opacity) × this + opacity × colour, on the screen and on paper. The opacity is the same all over:
    where it fades with relevance, what is weak or dark in the picture cannot be read.
    """
    grey = (pixels @ np.array([0.299, 0.587, 0.114], np.float32)).round().astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def _luminance(colour: np.ndarray) -> np.ndarray:
    luminance: np.ndarray = _linear(np.asarray(colour) / 255) @ np.array([0.2126, 0.7152, 0.0722])
    return luminance


def _linear(c: np.ndarray) -> np.ndarray:
    linear: np.ndarray = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear


def _between(stops: tuple[str, ...]) -> np.ndarray:
    """From the first stop to the last in steps, float (256, 3)."""
    known = np.array([rgb_of(stop) for stop in stops]) / 255
    at, places = np.linspace(0, 1, len(stops)), np.linspace(0, 1, _STEPS)
    return np.stack([np.interp(places, at, known[:, channel]) for channel in range(3)], axis=1)


def _on_ground(table: np.ndarray, ground: Ground) -> np.ndarray:
    """A diverging map (step, 3), from 0 to 1, with the ground at its middle and its own hues at its ends."""
    wanted = rgb_of(GROUNDS[ground]) / 255
    middle = len(table) // 2
    if (_to_oklab(table[middle])[0] > 0.5) != (ground == "light"):
        table = _turned(table, float(_to_oklab(wanted)[0]), _ENDS[ground])
    nearness = 1 - np.abs(np.linspace(-1, 1, len(table)))[:, None]
    moved: np.ndarray = table + nearness * (wanted - table[middle])
    return moved


def _turned(table: np.ndarray, lightness: float, end: float) -> np.ndarray:
    """The map from a middle of one lightness to ends of another."""
    lab = _to_oklab(table)
    away = np.abs(lab[:, 0] - lab[len(table) // 2, 0])
    lab[:, 0] = lightness + (end - lightness) * away / away.max()
    return _from_oklab(lab).clip(0, 1)


_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _to_oklab(rgb: np.ndarray) -> np.ndarray:
    """sRGB (..., 3) from 0 to 1 as lightness and two hues (Ottosson, 2020)."""
    lab: np.ndarray = np.cbrt(_linear(rgb) @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def _from_oklab(lab: np.ndarray) -> np.ndarray:
    c = ((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T).clip(0)
    rgb: np.ndarray = np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
    return rgb
