"""Our relevance beside LXT's, stored in vectors.json by regenerate.py."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import vision_transformer
from zennit.composites import LayerMapComposite
from zennit.core import BasicHook
from zennit.rules import Gamma, Pass

import engine
from tests.parity.models import CASES, GAMMAS, IDS, fixed_model, fixed_vision_model
from tests.parity.regenerate import VECTORS, gamma_explained


@cache
def stored() -> dict[str, Any]:
    return dict(json.loads(VECTORS.read_text()))


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize(("family", "attention", "rules"), CASES)
def test_that_relevance_is_lxts_at_the_input_and_at_every_layer(family: str, attention: str, rules: str) -> None:
    theirs = stored()[f"{family}/{attention}/{rules}"]
    ours = engine.trace(fixed_model(family, attention), input_ids=IDS[0], rules=rules).explain()
    assert ours.value == pytest.approx(theirs["value"], rel=1e-5)
    assert relative(ours.input, np.array(theirs["input"])) <= 1e-5
    assert relative(ours.layers[:-1], np.array(theirs["layers"])) <= 1e-5


def test_that_one_process_gives_three_right_answers_in_a_row() -> None:
    model = fixed_model("llama", "sdpa")
    for rules in ("attnlrp", "cp-lrp", "attnlrp"):
        ours = engine.trace(model, input_ids=IDS[0], rules=rules).explain()
        assert relative(ours.input, np.array(stored()[f"llama/sdpa/{rules}"]["input"])) <= 1e-5


def test_that_the_two_rule_sets_are_told_apart() -> None:
    vectors = stored()
    for family in [family for family, attention, rules in CASES if (attention, rules) == ("sdpa", "cp-lrp")]:
        apart = relative(
            np.array(vectors[f"{family}/sdpa/cp-lrp"]["input"]), np.array(vectors[f"{family}/sdpa/attnlrp"]["input"])
        )
        assert apart > 1e-2


@pytest.mark.parametrize(("conv", "linear"), GAMMAS)
def test_that_gamma_rules_of_zennit_give_lxts_relevance_on_torchvisions_transformer(conv: float, linear: float) -> None:
    theirs = stored()[f"vit/{conv}/{linear}"]
    with engine.monkey_patch(vision_transformer), engine.monkey_patch_zennit():
        ours = gamma_explained(conv, linear)
    assert ours["value"] == pytest.approx(theirs["value"], rel=1e-5)
    assert relative(np.array(ours["input"]), np.array(theirs["input"])) <= 1e-5
    assert relative(np.array(ours["layers"]), np.array(theirs["layers"])) <= 1e-5


@pytest.mark.parametrize("recorded", ["gamma", "gamma(conv=100, linear=1)"])
def test_that_gammas_read_from_one_forward_pass_give_lxts_relevance(recorded: str) -> None:
    model, image = fixed_vision_model()
    trace = engine.trace(model, pixel_values=image, rules=recorded)
    for conv, linear in GAMMAS:
        theirs, ours = stored()[f"vit/{conv}/{linear}"], trace.explain(rules=engine.gamma(conv, linear))
        assert ours.value == pytest.approx(theirs["value"], rel=1e-5)
        assert relative(ours.input, np.array(theirs["input"])) <= 1e-5
        assert relative(ours.layers[:-1], np.array(theirs["layers"])) <= 1e-5


def test_that_gammas_are_told_apart() -> None:
    maps = [np.array(stored()[f"vit/{conv}/{linear}"]["input"]) for conv, linear in GAMMAS]
    for place, one in enumerate(maps):
        assert all(relative(one, other) > 1e-3 for other in maps[:place])


def test_that_zennit_is_left_as_it_was() -> None:
    model, image = fixed_vision_model()
    composite = LayerMapComposite([(nn.Conv2d, Gamma(0.25)), (nn.Linear, Gamma(0.1))])

    def found() -> torch.Tensor:
        with composite.context(model):
            (relevance,) = torch.autograd.grad(model(image.requires_grad_())[0].max(), image)
        return relevance

    before, plain = [dict(vars(kind)) for kind in (BasicHook, Pass)], found()
    first = engine.monkey_patch_zennit()
    second = engine.monkey_patch_zennit()
    converted = found()
    assert not torch.equal(converted, plain)
    first.undo()
    assert torch.equal(found(), converted)
    second.undo()
    assert [dict(vars(kind)) for kind in (BasicHook, Pass)] == before
    assert torch.equal(found(), plain)
