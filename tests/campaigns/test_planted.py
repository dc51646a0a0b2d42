"""A few of the wrong rules that the campaign plants in more models."""

from __future__ import annotations

import pytest

from tests.campaigns.planted import PLANTS, tried

SOME = (
    "attention without a rule",
    "attention 1/2, 0, 1/2",
    "attention 1/2, 1/2, 1/2",
    "attention 0.15, 0.15, 0.7",
    "AttnLRP's attention is CP-LRP's",
    "CP-LRP's attention is AttnLRP's",
    "AttnLRP's softmax is CP-LRP's",
    "matrix products 0.3, 0.7",
    "gates are factors under CP-LRP",
    "activations 0.1 % more",
    "roots plain",
    "linear maps give double",
    "a detached feed-forward part",
    "a part through numpy",
    "an autograd function",
    "attention outside the mode",
)


@pytest.mark.parametrize("name", SOME)
def test_that_a_wrong_rule_is_caught(name: str) -> None:
    plant = next(plant for plant in PLANTS if plant.name == name)
    outcomes = [found for model in ("llama-sdpa", "llama-eager") if (found := tried(plant, model)) is not None]
    assert outcomes
    assert [one for one in outcomes if not one.is_caught] == []


def test_that_the_ledger_alone_catches_shares_that_attention_may_not_have() -> None:
    names = [name for name in SOME if name.startswith("attention") and name != "attention 1/2, 1/2, 1/2"]
    plants = [plant for plant in PLANTS if plant.name in names or ("is CP-LRP's" in plant.name and "att" in plant.name)]
    found = {plant.name: tried(plant, "llama-sdpa") for plant in plants}
    assert {name: one.by_ledger for name, one in found.items() if one is not None} == dict.fromkeys(found, True)
