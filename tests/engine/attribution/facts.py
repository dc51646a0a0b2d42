"""Five facts that explanations stand on, and every family that they are tried on: a model type, and how one is made."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

import engine
from engine import targets
from engine.attribution.calling import plain_logits
from engine.attribution.inputs.given import inputs_of
from engine.attribution.trust.double import InDouble
from engine.protocol.failures import EngineError
from engine.protocol.reports import Check
from tests.engine.attribution.families import FAMILIES, MORE, tiny
from tests.engine.attribution.further_families import FURTHER, further
from tests.engine.attribution.kinds import IDS, IMAGES, STATES, TEXTS, made
from tests.engine.attribution.test_ledger import with_random_biases
from tests.engine.attribution.test_predictions import PIXELS, given
from tests.engine.inside.sums import sums_of

SUMS = ("blocks", "parts")
FACTS = ("logits", "ledger", "coverage", "reversible", "finite", *SUMS)
IN_SINGLE = 1e-5  # of the target: what may be left over in float32; of the ledger in float64 the self-test has a limit
IN_DOUBLE = 1e-10


@dataclass(frozen=True)
class Family:
    """How a tiny model of a type is made, and what it is given."""

    make: Callable[[], nn.Module]
    given: dict[str, Any]


def _families() -> dict[str, Family]:
    """One line a model type: of those with several kinds of heads, the first."""
    decoders = {type_: Family(functools.partial(tiny, type_), {"input_ids": IDS}) for type_ in FAMILIES | MORE}
    others: dict[str, Family] = {}
    for architecture, (type_, _) in (TEXTS | STATES | IMAGES).items():
        others.setdefault(type_, Family(functools.partial(made, architecture), given(architecture)))
    images = {type_ for type_, (architecture, _) in FURTHER.items() if "ImageClassification" in architecture}
    return (
        others
        | decoders
        | {
            type_: Family(
                functools.partial(further, type_), {"pixel_values": PIXELS} if type_ in images else {"input_ids": IDS}
            )
            for type_ in FURTHER
        }
    )


ALL = _families()

# What does not hold, and why: which operation, and what the literature does
NOT_YET: dict[tuple[str, str], str] = {
    ("doge", "logits"): (
        "Its attention's mask depends on the input: where no rule makes that mask a constant (input × gradient and "
        "gradient), torch's scaled_dot_product_attention takes the kernel that has a gradient for masks, which rounds "
        "otherwise; the literature has no rule for it."
    ),
    ("deepseek_v4", "blocks"): "Its blocks mix four streams by matrices that depend on the input, so none passes by.",
    (
        "deepseek_v4",
        "parts",
    ): "Its blocks mix four streams by matrices that depend on the input, so nothing is added to one.",
    ("flaubert", "blocks"): "Its attentions, MLPs and norms lie in lists of their own: what repeats is the MLPs alone.",
    ("flaubert", "parts"): "Its attentions, MLPs and norms lie in lists of their own: what repeats is the MLPs alone.",
    ("xlm", "blocks"): "Its attentions, MLPs and norms lie in lists of their own: what repeats is the MLPs alone.",
    ("xlm", "parts"): "Its attentions, MLPs and norms lie in lists of their own: what repeats is the MLPs alone.",
    ("convbert", "parts"): "Half of its attention is a convolution whose kernel is a softmax: no head, and no neuron.",
    ("dory", "parts"): "Its writers are added less the stream they read, which is no head and no neuron.",
    ("qwen4_exp_text", "parts"): "Its router is an MLP, whose neurons are taken for those of an expert.",
}


@dataclass(frozen=True)
class Finding:
    """Whether a fact holds of a family, and what was found."""

    holds: bool
    found: str
    left_over: tuple[float, float] | None = None  # in the ledger, of the target: in float32 and in float64


@functools.cache
def facts_of(type_: str) -> dict[str, Finding]:
    """Each fact, as it was found on a tiny random model of that type, which has run before."""
    family = ALL[type_]
    module = with_random_biases(family.make())
    model = engine.load_model(module)
    plain_logits(module, inputs_of(model, None, family.given.get("input_ids"), family.given.get("pixel_values")))
    checks = engine.self_test(model, **family.given).checks
    return {
        "logits": _all(check for check in checks if check.what.startswith("forward exactness")),
        "ledger": _ledger([check for check in checks if check.what.startswith("ledger under CP-LRP")]),
        "coverage": _all(check for check in checks if check.what == "coverage"),
        "reversible": _all(check for check in checks if check.what == "reversibility"),
        "finite": _finite(module, family.given),
        **_inside(module, family.given),
    }


def _all(checks: Any) -> Finding:
    among: list[Check] = list(checks)
    sentences = " ".join(check.sentence for check in among)
    return Finding(bool(among) and all(check.passed for check in among), sentences)


def _ledger(checks: list[Check]) -> Finding:
    """Whether it closes in the model's own float32 and in float64."""
    finding = _all(checks)
    left_over = tuple(check.figure for check in checks)
    if len(left_over) != 2 or None in left_over:
        return replace(finding, holds=False)
    return replace(finding, holds=finding.holds and left_over[0] <= IN_SINGLE, left_over=left_over)


def _inside(module: nn.Module, inputs: dict[str, Any]) -> dict[str, Finding]:
    """Whether blocks are the sum of what passes them by and what their writers pass, and writers of their parts."""
    try:
        single = [sums_of(module, inputs, rules) for rules in ("cp-lrp", "attnlrp")]
        with InDouble():
            doubled = {name: x.double() if name == "pixel_values" else x for name, x in inputs.items()}
            double = [sums_of(copy.deepcopy(module).double(), doubled, rules) for rules in ("cp-lrp", "attnlrp")]
    except EngineError as error:
        return dict.fromkeys(SUMS, Finding(False, str(error)))
    there = all(one.writers for one in single), all(one.sites for one in single)
    figures = [tuple(max(getattr(one, name) for one in some) for some in (single, double)) for name in SUMS]
    return {
        name: Finding(is_there and left[0] <= IN_SINGLE and left[1] <= IN_DOUBLE, f"Left over: {left}.", left)
        for name, is_there, left in zip(SUMS, there, figures, strict=True)
    }


def _finite(module: nn.Module, inputs: dict[str, Any]) -> Finding:
    """Whether AttnLRP's relevance is made of numbers, not all of them zero, in float32 and bfloat16."""
    for dtype in (torch.float32, torch.bfloat16):
        model = engine.load_model(copy.deepcopy(module).to(dtype))
        typed = {name: x.to(dtype) if name == "pixel_values" else x for name, x in inputs.items()}
        target = targets.Top(0) if model.info.predicts == "masked token" else targets.Top()
        with engine.trace(model, **typed) as trace:
            relevance = trace.explain(target).input
        if not np.isfinite(relevance).all() or not np.abs(relevance).max() > 0:
            return Finding(False, f"Relevance in {dtype} is not finite, or nothing but zeros.")
    return Finding(True, "Relevance is finite in float32 and bfloat16.")
