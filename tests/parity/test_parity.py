"""Our relevance beside LXT's, stored in vectors.json by regenerate.py."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

import engine
from tests.parity.models import ATTENTIONS, FAMILIES, IDS, RULES, fixed_model
from tests.parity.regenerate import VECTORS


@cache
def stored() -> dict[str, Any]:
    return dict(json.loads(VECTORS.read_text()))


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("family", FAMILIES)
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
    for family in FAMILIES:
        apart = relative(
            np.array(vectors[f"{family}/sdpa/cp-lrp"]["input"]), np.array(vectors[f"{family}/sdpa/attnlrp"]["input"])
        )
        assert apart > 1e-2
