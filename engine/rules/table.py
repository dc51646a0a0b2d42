"""The rule sets: which operation gets which rule. A rule for a new operation is one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.protocol.failures import RulesError
from engine.rules import slopes
from engine.rules.operations import (
    Operation,
    Rule,
    by_constant,
    constant,
    constant_pattern,
    gated,
    group_norm,
    identity,
    in_place,
    layer_norm,
    off,
    own_gradient,
    plus_uniform,
    power,
    product,
    rms_norm,
    solved_by_constant,
    split_between,
    uniform,
)
from engine.rules.scope import Observer, rules_during, rules_on

# What is read in the backward pass: activation x gradient, or the gradient's length (Simonyan et al., 2014)
Reading = Literal["activation x gradient", "gradient norm"]


@dataclass(frozen=True, eq=False)
class RuleSet:
    """A named table operation -> rule."""

    name: str
    title: str
    rules: Mapping[Operation, Rule]
    reading: Reading = "activation x gradient"
    whole_activations: bool = True  # activation modules of several operations get the identity rule as one
    conserves: bool = True  # what leaves no operation but into constants and softmax reaches the input

    def but(self, name: str, title: str, changes: Mapping[Operation, Rule]) -> RuleSet:
        """The same table with `changes`."""
        return replace(self, name=name, title=title, rules={**self.rules, **changes})

    def on(self, module: nn.Module, observer: Observer | None = None) -> AbstractContextManager[None]:
        """Inside the `with`, calls of `module` run under these rules; its parameters are constants there.

        The forward pass is unchanged, bit for bit. Undone at the end, whatever happens; other models never notice.
        The innermost `with` wins where several apply. An `observer` runs every operation.
        """
        return rules_on(module, self.rules, self.whole_activations, observer)

    def during(self, module: nn.Module) -> AbstractContextManager[None]:
        """Inside the `with`, which is one call of `module`, everything that is computed follows these rules."""
        return rules_during(module, self.rules, self.whole_activations)


def forms(name: str) -> Iterator[Operation]:
    """Every name under which torch offers an operation; the overwriting forms have names of their own."""
    seen: list[Operation] = []
    for home in (torch, Tensor, F, torch._C._nn, torch.special):
        form = getattr(home, name, None)
        if form is not None and form not in seen:
            seen.append(form)
            yield form


def _rules(rule: Rule, *names: str) -> dict[Operation, Rule]:
    """`rule` for the operations, in every form of theirs."""
    table: dict[Operation, Rule] = {}
    for name in names:
        found = list(forms(name))
        if not found:
            raise LookupError(f"torch has no operation {name!r}")
        table |= dict.fromkeys(found, rule)
        table |= dict.fromkeys(forms(name + "_"), in_place(rule, found[0]))
    return table


_DROPOUT = _rules(off, "dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d")

_ACTIVATIONS = {
    name: identity(getattr(slopes, name))
    for name in (
        *("silu", "gelu", "relu", "relu6", "leaky_relu", "prelu", "tanh", "elu", "celu", "selu", "mish"),
        *("hardswish", "hardtanh", "softsign"),
    )
}

_STATISTICS = ("sqrt", "rsqrt", "reciprocal", "var", "std", "norm")
_GATES = ("sigmoid", "hardsigmoid", "exp", "exp2", "expm1", "softplus")

ATTNLRP = RuleSet(
    "attnlrp",
    "AttnLRP",
    {
        **_DROPOUT,
        **{form: rule for name, rule in _ACTIVATIONS.items() for form in _rules(rule, name)},
        **_rules(product, "mul", "multiply"),
        **_rules(uniform, "matmul", "mm", "bmm", "mv", "dot", "einsum", "outer"),
        **_rules(uniform, "grouped_mm", "_grouped_mm"),  # mixtures of experts
        **_rules(plus_uniform, "baddbmm", "addbmm", "addmm", "addcmul"),
        **_rules(by_constant, "div", "divide", "true_divide"),
        **_rules(power, "pow", "square"),
        **_rules(constant, *_STATISTICS, *_GATES),
        **_rules(own_gradient, "softmax"),
        Tensor.__pow__: power,
        Tensor.__rmatmul__: uniform,
        Tensor.__rdiv__: constant,  # a number over x
        Tensor.__rpow__: constant,
        torch.linalg.vector_norm: constant,
        torch.linalg.solve_triangular: solved_by_constant,
        F.scaled_dot_product_attention: split_between(query=1 / 4, key=1 / 4, value=1 / 2),
        F.layer_norm: layer_norm,
        torch.layer_norm: layer_norm,
        F.rms_norm: rms_norm,
        torch.rms_norm: rms_norm,
        F.group_norm: group_norm,
        torch.group_norm: group_norm,
    },
)

CP_LRP = ATTNLRP.but(
    "cp-lrp",
    "CP-LRP",
    {
        **_rules(constant, "softmax"),
        F.scaled_dot_product_attention: constant_pattern,
        **_rules(gated, "mul", "multiply"),
    },
)

INPUT_X_GRADIENT = RuleSet("input-x-gradient", "Input × gradient", _DROPOUT, whole_activations=False, conserves=False)

GRADIENT = RuleSet("gradient", "Gradient", _DROPOUT, reading="gradient norm", whole_activations=False, conserves=False)

RULE_SETS = {rules.name: rules for rules in (ATTNLRP, CP_LRP, INPUT_X_GRADIENT, GRADIENT)}


def rule_set(rules: str | RuleSet) -> RuleSet:
    """The rule set of that name. Raises RulesError where there is none."""
    if isinstance(rules, RuleSet):
        return rules
    if rules not in RULE_SETS:
        raise RulesError(f"There is no rule set “{rules}”. There are: {', '.join(RULE_SETS)}.")
    return RULE_SETS[rules]
