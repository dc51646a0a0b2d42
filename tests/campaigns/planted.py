"""Plants wrong rules, and models that lose gradients, and counts those that the ledger and the self-test catch.

python -m tests.campaigns.planted [--models llama-sdpa bert-eager]
python -m tests.campaigns.planted --sound      # and what is said against models that are sound

A plant that leaves a model's relevance as it was is none there: rules for operations that it does not run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import engine
from engine.attribution.tracing import trace
from engine.protocol.targets import Top
from engine.rules import gradients, slopes, whole
from engine.rules.gates import gated
from engine.rules.operations import (
    Arguments,
    Operation,
    Options,
    Rule,
    attention_operands,
    constant,
    constant_pattern,
    depends,
    own_gradient,
    split_between,
)
from engine.rules.scope import replaced_forward
from engine.rules.table import ATTNLRP, CP_LRP, RuleSet, forms
from tests.engine.attribution.families import IDS, tiny
from tests.engine.attribution.kinds import made
from tests.engine.attribution.test_ledger import with_random_biases
from tests.real_weights import efficientnet, efficientnet_weights, smollm2

Planting = Callable[[nn.Module], AbstractContextManager[None]]


@dataclass(frozen=True)
class Plant:
    """Something wrong: which rule set it is looked for under, and how it is put into a model or its rules."""

    name: str
    rules: RuleSet
    planting: Planting


MODELS: dict[str, Callable[[], nn.Module]] = {
    **{f"llama-{how}": partial(tiny, "llama", attn_implementation=how) for how in ("sdpa", "eager")},
    **{f"gpt2-{how}": partial(tiny, "gpt2", attn_implementation=how) for how in ("sdpa", "eager")},
    **{f"bert-{how}": partial(made, "BertForMaskedLM", attn_implementation=how) for how in ("sdpa", "eager")},
    **{f"vit-{how}": partial(made, "ViTForImageClassification", attn_implementation=how) for how in ("sdpa", "eager")},
    "bert-pooled": partial(made, "BertForSequenceClassification"),  # with a tanh
}


# -- wrong rules ---------------------------------------------------------------------------------------------------


def _in_table(rules: RuleSet, changes: Mapping[Operation, Rule]) -> Planting:
    """Another rule for some operations, in the rule set itself."""

    @contextmanager
    def planted(module: nn.Module) -> Iterator[None]:
        table: dict[Operation, Rule] = rules.rules  # type: ignore[assignment]
        before = dict(table)
        table.update(changes)
        try:
            yield
        finally:
            table.clear()
            table.update(before)

    return planted


def _rule(name: str, rules: RuleSet, rule: Rule, *operations: str) -> Plant:
    written = [form for each in operations for form in forms(each)]
    return Plant(name, rules, _in_table(rules, dict.fromkeys(written, rule)))


def _parted(*parts: float) -> Rule:
    """Each operand gets this part of its plain gradient."""

    def rule(operation: Operation, args: Arguments, options: Options) -> Any:
        shared = [gradients.share(x, parts[i]) if i < len(parts) and depends(x) else x for i, x in enumerate(args)]
        return operation(*shared, **options)

    return rule


def _slopes(change: Callable[[slopes.Slope], slopes.Slope]) -> Planting:
    """Other slopes of the activation modules of transformers."""

    @contextmanager
    def planted(module: nn.Module) -> Iterator[None]:
        before = dict(whole._WHOLE)
        whole._WHOLE.update({kind: change(slope) for kind, slope in before.items()})
        try:
            yield
        finally:
            whole._WHOLE.update(before)

    return planted


def _derivative(slope: slopes.Slope) -> slopes.Slope:
    """f'(x) of f(x) = x slope(x)."""

    def plain(x: Tensor) -> Tensor:
        less, more = x.detach().double() - 1e-4, x.detach().double() + 1e-4
        return ((more * slope(more) - less * slope(less)) / 2e-4).to(x.dtype)

    return plain


def _attention_parted(query: float, key: float, value: float) -> Rule:
    def rule(operation: Operation, args: Arguments, options: Options) -> Any:
        (q, k, v), rest, options = attention_operands(args, options)
        shared = [gradients.share(x, part) for x, part in ((q, query), (k, key), (v, value))]
        return operation(*shared, *rest, **options)

    return rule


def _less_mean_too(operation: Operation, args: Arguments, options: Options) -> Any:
    """Layer norm whose mean is taken for a number as well."""
    x, shape, weight, bias, eps, *_ = [*args, *options.values()]
    axes = tuple(range(-len(shape), 0))
    deviation = (x.detach().var(axes, unbiased=False, keepdim=True) + eps).sqrt()
    y = (x - x.detach().mean(axes, keepdim=True)) / deviation * weight + bias
    return operation(x.detach(), shape, weight, bias, eps) + (y - y.detach())


SDPA = "scaled_dot_product_attention"
WRONG_RULES = (
    _rule("attention without a rule", ATTNLRP, own_gradient, SDPA),
    _rule("attention 1/2, 1/4, 1/4", ATTNLRP, split_between(query=1 / 2, key=1 / 4, value=1 / 4), SDPA),
    _rule("attention 1/2, 0, 1/2", ATTNLRP, _attention_parted(1 / 2, 0, 1 / 2), SDPA),
    _rule("attention 0, 1/2, 1/2", ATTNLRP, _attention_parted(0, 1 / 2, 1 / 2), SDPA),
    _rule("attention 1/2, 1/2, 1/2", ATTNLRP, _attention_parted(1 / 2, 1 / 2, 1 / 2), SDPA),
    _rule("attention 1/8, 1/8, 1/2", ATTNLRP, _attention_parted(1 / 8, 1 / 8, 1 / 2), SDPA),
    _rule("attention 0.15, 0.15, 0.7", ATTNLRP, _attention_parted(0.15, 0.15, 0.7), SDPA),
    _rule("attention 0.35, 0.35, 0.3", ATTNLRP, _attention_parted(0.35, 0.35, 0.3), SDPA),
    _rule("AttnLRP's attention is CP-LRP's", ATTNLRP, constant_pattern, SDPA),
    _rule("CP-LRP's attention is AttnLRP's", CP_LRP, split_between(query=1 / 4, key=1 / 4, value=1 / 2), SDPA),
    _rule("CP-LRP's attention has no rule", CP_LRP, own_gradient, SDPA),
    _rule("AttnLRP's softmax is CP-LRP's", ATTNLRP, constant, "softmax"),
    _rule("CP-LRP's softmax is AttnLRP's", CP_LRP, own_gradient, "softmax"),
    _rule("the softmax gives half", ATTNLRP, _parted(0.5), "softmax"),
    _rule("products plain", ATTNLRP, own_gradient, "mul", "multiply"),
    _rule("products 0.3, 0.7", ATTNLRP, _parted(0.3, 0.7), "mul", "multiply"),
    _rule("matrix products plain", ATTNLRP, own_gradient, "matmul", "bmm"),
    _rule("matrix products 0.3, 0.7", ATTNLRP, _parted(0.3, 0.7), "matmul", "bmm"),
    _rule("gates are numbers under AttnLRP", ATTNLRP, gated, "mul", "multiply"),
    _rule("gates are factors under CP-LRP", CP_LRP, ATTNLRP.rules[torch.mul], "mul", "multiply"),
    Plant("activations plain", ATTNLRP, _slopes(_derivative)),
    Plant("activations 10 % more", ATTNLRP, _slopes(lambda slope: lambda x: 1.1 * slope(x))),
    Plant("activations 10 % less", CP_LRP, _slopes(lambda slope: lambda x: 0.9 * slope(x))),
    Plant("activations 0.1 % more", ATTNLRP, _slopes(lambda slope: lambda x: 1.001 * slope(x))),
    Plant("activations by another formula", ATTNLRP, _slopes(lambda slope: slopes.gelu_quick)),
    _rule("tanh plain", ATTNLRP, own_gradient, "tanh"),
    _rule("layer norm plain", ATTNLRP, own_gradient, "layer_norm"),
    _rule("layer norm without its mean", ATTNLRP, _less_mean_too, "layer_norm"),
    _rule("layer norm 10 % more", CP_LRP, _parted(1.1), "layer_norm"),
    _rule("roots plain", ATTNLRP, own_gradient, "rsqrt", "sqrt"),
    _rule("a power plain", ATTNLRP, own_gradient, "rsqrt", "pow"),
    _rule("linear maps give half", ATTNLRP, _parted(0.5, 0.5), "linear", "addmm"),
    _rule("linear maps give double", CP_LRP, _parted(2.0, 2.0, 2.0), "linear", "addmm"),
    _rule("sums give half", ATTNLRP, _parted(0.5, 0.5), "add", "__add__"),
)


# -- models that lose gradients --------------------------------------------------------------------------------------


def _feed_forward(module: nn.Module) -> nn.Module:
    """The first part that takes the residual stream through a wider one and back."""
    names = ("mlp", "intermediate")
    return next(part for path, part in module.named_modules() if path.rpartition(".")[2] in names)


def _around(change: Callable[[Callable[..., Any], Tensor], Any]) -> Planting:
    """A feed-forward part that runs as `change` has it."""

    @contextmanager
    def planted(module: nn.Module) -> Iterator[None]:
        part = _feed_forward(module)
        forward = part.forward
        with replaced_forward(part, lambda x: change(forward, x)):
            yield

    return planted


def _without_gradients(forward: Callable[..., Any], x: Tensor) -> Any:
    with torch.no_grad():
        return forward(x)


def _by_another_library(forward: Callable[..., Any], x: Tensor) -> Any:
    return forward(torch.from_numpy(np.tanh(x.detach().numpy())))


class _Opaque(torch.autograd.Function):
    """x², with its own gradient, of which rules see nothing."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 2 * x * grad


@contextmanager
def _attention_outside(module: nn.Module) -> Iterator[None]:
    """Attention that runs where no mode sees it."""
    fused = F.scaled_dot_product_attention

    def unseen(*args: Any, **options: Any) -> Tensor:
        with torch._C.DisableTorchFunction():
            return fused(*args, **options)

    F.scaled_dot_product_attention = unseen  # type: ignore[assignment]
    torch.nn.functional.scaled_dot_product_attention = unseen  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.nn.functional.scaled_dot_product_attention = fused


LOST = (
    Plant("a detached feed-forward part", ATTNLRP, _around(lambda forward, x: forward(x.detach()))),
    Plant("a detached gate", CP_LRP, _around(lambda forward, x: forward(x) * x.detach().mean())),
    Plant("a part under no_grad", ATTNLRP, _around(_without_gradients)),
    Plant("a part through numpy", ATTNLRP, _around(_by_another_library)),
    Plant("an autograd function", ATTNLRP, _around(lambda forward, x: forward(_Opaque.apply(x)))),
    Plant("attention outside the mode", ATTNLRP, _attention_outside),
    Plant("attention outside CP-LRP's mode", CP_LRP, _attention_outside),
)

PLANTS = (*WRONG_RULES, *LOST)


# -- the campaign ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of one plant in one model: `times` is the largest relevance over what it should be."""

    plant: str
    model: str
    times: float
    by_ledger: bool
    by_self_test: tuple[str, ...]

    @property
    def is_caught(self) -> bool:
        return self.by_ledger or bool(self.by_self_test)


def _given(name: str) -> dict[str, Any]:
    if name.startswith("vit"):
        return {"pixel_values": torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(4))}
    return {"input_ids": IDS}


def tried(plant: Plant, name: str) -> Outcome | None:
    """What comes of `plant` in the model of that name; None where it changes nothing."""
    module, given = with_random_biases(MODELS[name]()), _given(name)
    model = engine.load_model(module)
    target = Top(0) if model.info.predicts == "masked token" else Top()
    right = trace(model, **given, rules=plant.rules).explain(target)
    with plant.planting(module):
        planted = trace(model, **given, rules=plant.rules).explain(target)
        off = float(np.abs(planted.layers - right.layers).max() / np.abs(right.layers).max())
        if off < 1e-6:
            return None
        failed = tuple(check.what for check in engine.self_test(model, **given).checks if check.passed is False)
    ledger = planted.ledger
    times = float(np.abs(planted.input).max() / np.abs(right.input).max())
    return Outcome(plant.name, name, times, ledger is not None and not ledger.closes, failed)


def alarms(models: Mapping[str, Callable[[], tuple[Any, dict[str, Any]]]]) -> Iterator[tuple[str, str]]:
    """What the self-test says against models that are sound."""
    for name, make in models.items():
        model, given = make()
        for check in engine.self_test(model, **given).checks:
            if check.passed is False:
                yield name, f"{check.what}: {check.sentence}"


def sound() -> dict[str, Callable[[], tuple[Any, dict[str, Any]]]]:
    """The bundled models, real weights where they are installed, and every family."""
    from tests.engine.attribution.facts import ALL

    found: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {}
    for name in ("llama", "gpt2", "bert", "vit"):
        found[f"bundled:{name}"] = partial(lambda name: (engine.load_model(f"bundled:{name}"), {}), name)
    if (path := smollm2()) is not None:
        found["SmolLM2"] = lambda: (engine.load_model(str(path)), {})
    if efficientnet_weights() is not None:
        found["EfficientNet-Lite0"] = lambda: (efficientnet(), {})
    for type_, family in ALL.items():
        found[type_] = partial(lambda family: (with_random_biases(family.make()), family.given), family)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    options.add_argument("--sound", action="store_true", help="also what is said against models that are sound")
    chosen = options.parse_args()
    passed = []
    for plant in PLANTS:
        outcomes = [found for name in chosen.models if (found := tried(plant, name)) is not None]
        missed = [one.model for one in outcomes if not one.is_caught]
        passed += missed if outcomes else ["nowhere"]
        ledgers = sum(one.by_ledger for one in outcomes)
        most = max((one.times for one in outcomes), default=1.0)
        where = ", ".join(missed) or ("none" if outcomes else "all: it changes nothing")
        counts = f"{len(outcomes)} models, {ledgers} by the ledger alone"
        print(f"{plant.name:36} {counts}, largest relevance x {most:8.2f}, missed in {where}", flush=True)
    print(f"{len(PLANTS)} plants; missed {len(passed)} times.")
    if chosen.sound:
        said = list(alarms(sound()))
        for name, sentence in said:
            print(f"{name}: {sentence}")
        print(f"{len(sound())} sound models; {len(said)} false alarms.")
    sys.exit(bool(passed))


if __name__ == "__main__":
    main()
