"""Relevance as colour: what both the window and the figures paint."""

from __future__ import annotations

import numpy as np
import pytest

from engine.protocol.looks import Scale
from engine.protocol.relevance import Relevance, TextPart
from engine.protocol.targets import Top
from engine.protocol.values import ModelInfo, ModelSource, ResolvedTarget
from engine.reading.colours import colour_limit, colours

MIDDLE = colours(np.zeros(1), 1.0)[0]


def with_layer(values: list[float], target: float = 10.0) -> Relevance:
    """One layer of `values`, explaining a target of that value."""
    row = np.array(values, np.float32)
    model = ModelInfo(ModelSource("m"), "M", "M", None, 1, 0, 1, None, "cpu", "float32", 4)
    part = TextPart("", (), row, row[None])
    return Relevance(model, (part,), ResolvedTarget(Top(), "“3”", 0, ()), "input-x-gradient", target, {})


@pytest.mark.parametrize("scale", ["layer", "global"])
def test_that_rounding_noise_has_no_colour(scale: Scale) -> None:
    noise = with_layer([1e-8, -3e-8, 0.0])
    limit = colour_limit(noise, 0, scale)
    assert abs(colours(noise.layers[0], limit).astype(int) - MIDDLE).max() <= 2


@pytest.mark.parametrize("target", [10.0, -10.0])
def test_that_little_relevance_still_spans_the_colours(target: float) -> None:
    little = with_layer([2e-3, -1e-3], target)
    assert colour_limit(little, 0, "layer") == np.float32(2e-3)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_that_a_target_without_a_size_leaves_a_limit(value: float) -> None:
    assert colour_limit(with_layer([0.0], value), 0, "layer") == 1.0
    assert colour_limit(with_layer([0.0, 2.0], value), 0, "layer") == 2.0
