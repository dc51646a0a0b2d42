"""How well relevance finds the place of a digit: the asked one of the two that a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from engine.attribution.tracing import trace
from engine.models.opening import Model
from engine.protocol.targets import Class, Contrast, Target
from engine.rules.table import RuleSet
from resources.models.two_digits import Box, Picture

PATCH = 8
TARGETS = ("logit", "against the other digit")


@dataclass(frozen=True)
class Found:
    """Means over all digits of all pictures."""

    inside: float  # the share of positive relevance in the asked digit's box
    other: float  # and in the other digit's
    pixel: float  # how often the most relevant pixel is in the box
    patch: float  # how often the most relevant patch has a pixel of the box
    follows: float  # in how many pictures each digit's box has more positive relevance than the other's when asked for


def places_found(model: Model, rules: str | RuleSet, pictures: Sequence[Picture]) -> dict[str, Found]:
    """How well `rules` find the digits of `pictures`, explaining a digit's logit and the same against the other's."""
    maps: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in TARGETS}
    for picture in pictures:
        first, second = (digit.label for digit in picture.digits)
        asked: list[Target] = [Class(first), Class(second), Contrast(first, second), Contrast(second, first)]
        with trace(model, image=picture.pixels, rules=rules, ledger=False) as recorded:
            answers = [answer.input for answer in recorded.explain_many(asked)]
        maps[TARGETS[0]].append((answers[0], answers[1]))
        maps[TARGETS[1]].append((answers[2], answers[3]))
    return {name: found(pairs, pictures) for name, pairs in maps.items()}


def found(maps: Sequence[tuple[np.ndarray, np.ndarray]], pictures: Sequence[Picture]) -> Found:
    """How well `maps` (height, width) for the first and for the second digit of each picture find them."""
    each = [_found(pair, picture) for pair, picture in zip(maps, pictures, strict=True)]
    return Found(*np.mean([astuple(one) for one in each], axis=0))


def _found(maps: tuple[np.ndarray, np.ndarray], picture: Picture) -> Found:
    boxes = [digit.box for digit in picture.digits]
    pairs = list(zip(maps, boxes, reversed(boxes), strict=True))
    inside = [_share(relevance, box) for relevance, box, _ in pairs]
    other = [_share(relevance, box) for relevance, _, box in pairs]
    return Found(
        inside=sum(inside) / 2,
        other=sum(other) / 2,
        pixel=sum(_points_at(relevance, box) for relevance, box, _ in pairs) / 2,
        patch=sum(_points_at(per_patch(relevance), patches_of(box)) for relevance, box, _ in pairs) / 2,
        follows=float(inside[0] > other[0] and inside[1] > other[1]),
    )


def per_patch(relevance: np.ndarray) -> np.ndarray:
    """Relevance of each patch, from that of pixels (height, width)."""
    rows, columns = (side // PATCH for side in relevance.shape)
    return relevance.reshape(rows, PATCH, columns, PATCH).sum((1, 3))


def patches_of(box: Box) -> Box:
    """The patches that have a pixel of `box`."""
    left, top, right, bottom = box
    return left // PATCH, top // PATCH, -(-right // PATCH), -(-bottom // PATCH)


def _share(relevance: np.ndarray, box: Box) -> float:
    left, top, right, bottom = box
    positive = relevance.clip(min=0)
    return float(positive[top:bottom, left:right].sum() / positive.sum())


def _points_at(relevance: np.ndarray, box: Box) -> bool:
    left, top, right, bottom = box
    row, column = np.unravel_index(relevance.argmax(), relevance.shape)
    return bool(top <= row < bottom and left <= column < right)
