"""Four photographs in one picture: does relevance lie on the one whose class is asked for?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from engine.attribution.trace import Trace
from engine.protocol.targets import Class

PHOTOGRAPHS = Path(__file__).parents[2] / "resources" / "examples" / "images"
CLASSES = {"cat": "Egyptian cat", "coffee": "espresso", "flower": "daisy", "temple": "palace"}
ORDERS = tuple((*list(CLASSES)[first:], *list(CLASSES)[:first]) for first in range(4))  # each is in each quarter once
_SIDE = 128  # of a quarter


@dataclass(frozen=True)
class Found:
    """Of one photograph, or means over several."""

    share: float  # of positive relevance in the asked photograph's quarter
    pixel: float  # how often the most relevant pixel lies there


def four_in_one(order: Sequence[str]) -> np.ndarray:
    """The photographs in reading order, each cropped to a square: uint8 (height, width, 3)."""
    squares = []
    for name in order:
        with Image.open(PHOTOGRAPHS / f"{name}.jpg") as image:
            squares.append(np.asarray(ImageOps.fit(image.convert("RGB"), (_SIDE, _SIDE))))
    return np.vstack([np.hstack(squares[:2]), np.hstack(squares[2:])])


def quarters_found(trace: Trace, order: Sequence[str], rules: str | None = None) -> dict[str, Found]:
    """How well each photograph of a trace of `four_in_one(order)` is found when its class is asked for."""
    answers = {name: trace.explain(Class(CLASSES[name]), rules=rules).input for name in order}
    return {name: found(relevance, order.index(name)) for name, relevance in answers.items()}


def found(relevance: np.ndarray, quarter: int) -> Found:
    """How well a map (height, width) finds one of its quarters."""
    rows, columns = (side // 2 for side in relevance.shape)
    down, across = divmod(quarter, 2)
    area = np.zeros(relevance.shape, bool)
    area[down * rows : (down + 1) * rows, across * columns : (across + 1) * columns] = True
    positive = relevance.clip(min=0)
    return Found(float(positive[area].sum() / positive.sum()), float(area.flat[relevance.argmax()]))


def mean(several: Sequence[Found]) -> Found:
    """Means of several."""
    return Found(*np.mean([astuple(one) for one in several], axis=0))
