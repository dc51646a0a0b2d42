"""The rule sets: which operation gets which rule. A rule for a new operation is one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from zennit.core import Composite

from engine.protocol.failures import RulesError
from engine.protocol.rule_names import FORM, TITLES, Attention, Gamma, gamma_of
from engine.rules import slopes
from engine.rules.composites import CompositeRules
from engine.rules.gamma import Gammas, gamma_rule
from engine.rules.gates import gate, gated, sum_of_gates
from engine.rules.operations import (
    Operation,
    Rule,
    batch_norm,
    by_constant,
    by_weights,
    constant,
    constant_pattern,
    factors,
    group_norm,
    identity,
    in_place,
    interpolated,
    layer_norm,
    off,
    own_gradient,
    plus_quotient,
    power,
    product,
    rms_norm,
    solved_by_constant,
    split_between,
    uniform,
)
from engine.rules.scope import Observer, Parts, Tables, rules_during, rules_on

# What is read in the backward pass: activation x gradient, or the gradient's length (Simonyan et al., 2014)
Reading = Literal["activation x gradient", "gradient norm"]


@dataclass(frozen=True, eq=False)
class RuleSet:
    """A named table operation -> rule."""

    name: str
    title: str
    rules: Mapping[Operation, Rule]
    reading: Reading = "activation x gradient"
    layers: Mapping[Operation, Rule] | None = None  # the table in calls of linear and convolutional modules
    gammas: Gammas | None = None  # which are read in the backward pass, and may be others there
    parts: Parts | None = None  # modules that are one operation, with a rule of their own
    whole_activations: bool = True  # activation modules of several operations get the identity rule as one
    conserves: bool = True  # what leaves no operation but into constants and softmax reaches the input
    attention: Attention | None = None  # whose shares its value, query and key get; None: plain gradients

    def but(self, name: str, title: str, changes: Mapping[Operation, Rule]) -> RuleSet:
        """The same table with `changes`."""
        layers = None if self.layers is None else {**self.layers, **changes}
        return replace(self, name=name, title=title, rules={**self.rules, **changes}, layers=layers, gammas=None)

    def on(self, module: nn.Module, observer: Observer | None = None) -> AbstractContextManager[None]:
        """Inside the `with`, calls of `module` run under these rules; its parameters are constants there.

        The forward pass is unchanged, bit for bit. Undone at the end, whatever happens; other models never notice.
        The innermost `with` wins where several apply. An `observer` runs every operation.
        """
        return rules_on(module, self._tables, observer)

    def during(self, module: nn.Module) -> AbstractContextManager[None]:
        """Inside the `with`, one call of `module`, every operation follows these rules."""
        return rules_during(module, self._tables)

    def read_as(self, other: RuleSet) -> AbstractContextManager[None]:
        """Inside the `with`, backward passes of what ran under these rules follow `other`.

        Raises RulesError where a forward pass under the one is not a forward pass under the other.
        """
        if self.gammas and other.gammas and self.gammas.own.attention == other.gammas.own.attention:
            return self.gammas.at(other.gammas.own)
        if self is other:
            return nullcontext()
        raise RulesError(
            f"What ran under {self.title} cannot go back under {other.title}, which is another forward pass: make a "
            "trace under those rules."
        )

    @property
    def forward_name(self) -> str:
        """What a forward pass under these rules is called: gammas, which are read going back, have no part in it."""
        return Gamma(0, 0, self.gammas.now.attention).name if self.gammas else self.name

    @property
    def _tables(self) -> Tables:
        return Tables(self.rules, self.layers, self.parts, self.whole_activations)


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
_GATES = ("sigmoid", "hardsigmoid", "erf")
_GROWTHS = ("log_sigmoid", "erfc", "exp", "exp2", "expm1", "softplus", "logsumexp")

ATTNLRP = RuleSet(
    "attnlrp",
    TITLES["attnlrp"],
    {
        **_DROPOUT,
        **{form: made for name, rule in _ACTIVATIONS.items() for form, made in _rules(rule, name).items()},
        **_rules(product, "mul", "multiply"),
        **_rules(uniform, "matmul", "mm", "bmm", "mv", "dot", "einsum", "outer"),
        **_rules(uniform, "grouped_mm", "_grouped_mm"),  # mixtures of experts
        **_rules(factors(batch1=1, batch2=2), "baddbmm", "addbmm"),
        **_rules(factors(mat1=1, mat2=2), "addmm"),
        **_rules(factors(mat=1, vec=2), "addmv"),
        **_rules(factors(vec1=1, vec2=2), "addr"),
        **_rules(factors(tensor1=1, tensor2=2), "addcmul"),
        **_rules(factors(input1=0, input2=1, weight=2), "bilinear"),
        **_rules(plus_quotient, "addcdiv"),
        **_rules(interpolated, "lerp"),
        **_rules(by_weights, "linear", "conv1d", "conv2d", "conv3d"),
        **_rules(by_weights, "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        **_rules(by_constant, "div", "divide", "true_divide"),
        **_rules(power, "pow", "square"),
        **_rules(constant, *_STATISTICS, *_GROWTHS),
        **_rules(gate, *_GATES),
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
        torch.batch_norm: batch_norm,
        torch.instance_norm: batch_norm,
    },
    attention="attnlrp",
)

CP_LRP = replace(
    ATTNLRP.but(
        "cp-lrp",
        TITLES["cp-lrp"],
        {
            **_rules(constant, "softmax"),
            F.scaled_dot_product_attention: constant_pattern,
            **_rules(gated, "mul", "multiply"),
            **dict.fromkeys((*forms("add"), *forms("sub")), sum_of_gates),
        },
    ),
    attention="cp",
)

INPUT_X_GRADIENT = RuleSet(
    "input-x-gradient", TITLES["input-x-gradient"], _DROPOUT, whole_activations=False, conserves=False
)

GRADIENT = RuleSet(
    "gradient", TITLES["gradient"], _DROPOUT, reading="gradient norm", whole_activations=False, conserves=False
)

RULE_SETS = {rules.name: rules for rules in (ATTNLRP, CP_LRP, INPUT_X_GRADIENT, GRADIENT)}


def gamma(conv: float = 0.25, linear: float = 0.05, attention: Attention = "cp") -> RuleSet:
    """Gamma rules on the modules that are linear or convolutions, equal to zennit's; for the other operations CP-LRP's
    table, or AttnLRP's. Raises RulesError where a gamma is not a number from 0.

    What they keep: relevance of input and constants is the target (with `attention="cp"`; else the softmax keeps some),
    but for what zennit's stabilizer takes, which is about 1e-6 of the gradient at every output of a layer.
    """
    named = Gamma(conv, linear, attention)
    others = {"cp": CP_LRP, "attnlrp": ATTNLRP}[attention]
    held = Gammas(named)
    layers = {
        **others.rules,
        **_rules(gamma_rule(held, "linear"), "linear"),
        **_rules(gamma_rule(held, "conv"), "conv1d", "conv2d", "conv3d"),
    }
    return replace(others, name=named.name, title=named.title, layers=layers, gammas=held)


def composite(of_zennit: Composite) -> RuleSet:
    """The rules of a composite of zennit on the modules it maps, and CP-LRP's on the operations outside of them.

    What a rule gives to an input that is exactly zero is in a trace's relevance, but in no product with a gradient. A
    composite's canonizers change weights while the rules are on a module, and with them the last digits of its output.
    """
    name = type(of_zennit).__name__
    return replace(CP_LRP, name=name, title=name, parts=CompositeRules(of_zennit), conserves=False)


def rule_set(rules: str | RuleSet | Composite) -> RuleSet:
    """The rule set of that name, such as `attnlrp` or `gamma(conv=0.25, linear=0.05)`, or of a composite of zennit.

    Raises RulesError where there is none.
    """
    if isinstance(rules, RuleSet):
        return rules
    if isinstance(rules, Composite):
        return composite(rules)
    if rules in RULE_SETS:
        return RULE_SETS[rules]
    named = gamma_of(rules)
    if named is None:
        raise RulesError(f"There is no rule set “{rules}”. There are: {', '.join([*RULE_SETS, FORM])}.")
    return gamma(named.conv, named.linear, named.attention)
