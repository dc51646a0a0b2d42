"""The ledger closes: input and constants are the target under CP-LRP, and what the softmax keeps is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import engine
from engine import targets
from engine.attribution.trust.double import InDouble
from engine.protocol.values import Ledger
from tests.engine.attribution.families import FAMILIES, IDS, tiny
from tests.engine.attribution.kinds import IMAGES, STATES, TEXTS, made
from tests.engine.attribution.test_predictions import answer_is_of_classes, given

ATTENTIONS = [
    (family, attention)
    for family in FAMILIES
    for attention in ("eager", "sdpa")
    if (family, attention) not in [("gemma2", "sdpa"), ("gptj", "sdpa"), ("bloom", "sdpa")]  # they have eager alone
]


def with_biases(family: str, dtype: torch.dtype = torch.float32, **options: object) -> nn.Module:
    """A tiny model whose biases are not the zeros they are made with."""
    return with_random_biases(tiny(family, dtype, **options))


def with_random_biases(model: nn.Module) -> nn.Module:
    torch.manual_seed(5)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.data += 0.3 * torch.randn_like(parameter)
    return model


def ledger_of(model: nn.Module, rules: str = "cp-lrp", **options: object) -> Ledger:
    ledger = engine.trace(model, input_ids=IDS, rules=rules, **options).explain().ledger
    assert ledger is not None
    return ledger


@pytest.mark.parametrize(("family", "attention"), ATTENTIONS)
def test_that_under_cp_lrp_input_and_constants_are_the_target(family: str, attention: str) -> None:
    model = with_biases(family, attn_implementation=attention)
    ledger = ledger_of(model)
    assert ledger.total.passed + ledger.total.constants == pytest.approx(ledger.total.arrived, rel=1e-5)
    assert ledger.total.softmax == 0
    assert ledger.conserves and ledger.closes
    assert (ledger.total.constants != 0) == any(name.endswith("bias") for name, _ in model.named_parameters())


@pytest.mark.parametrize(("family", "attention"), ATTENTIONS)
def test_that_in_double_it_closes_to_ten_digits(family: str, attention: str) -> None:
    model = with_biases(family, torch.float64, attn_implementation=attention)
    with InDouble():
        total = ledger_of(model).total
    assert total.passed + total.constants == pytest.approx(total.arrived, rel=1e-10)


@pytest.mark.parametrize("architecture", [*TEXTS, *IMAGES, *STATES])
def test_that_it_closes_for_every_head_and_every_operation_has_its_rule(architecture: str) -> None:
    model = with_random_biases(made(architecture)).double()
    target = targets.Class(0) if answer_is_of_classes(model) else targets.Token(5, 0)
    with InDouble():
        answer = engine.trace(model, **given(architecture), rules="cp-lrp").explain(target)
        rows = engine.coverage(model, **given(architecture), rules="cp-lrp")
    ledger = answer.ledger
    assert ledger.total.passed + ledger.total.constants == pytest.approx(ledger.total.arrived, rel=1e-10)
    for stretch in (ledger.before, *ledger.blocks, ledger.after):
        assert stretch.rest == pytest.approx(0, abs=1e-10)
    assert len(ledger.blocks) == len(answer.layers) - 1
    assert [row for row in rows if row.rule == "plain gradient"] == []


@pytest.mark.parametrize(("family", "attention"), ATTENTIONS)
def test_that_under_attnlrp_nothing_is_left_over_but_what_the_softmax_keeps(family: str, attention: str) -> None:
    ledger = ledger_of(with_biases(family, attn_implementation=attention), "attnlrp")
    assert abs(ledger.total.softmax) > 1e-3
    assert ledger.total.rest == pytest.approx(0, abs=1e-5 * abs(ledger.total.arrived))


@pytest.mark.parametrize("rules", ["cp-lrp", "attnlrp"])
@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "llama", "opt", "bloom"])
def test_that_every_block_closes_and_the_whole_is_their_sum(family: str, rules: str) -> None:
    answer = engine.trace(with_biases(family), input_ids=IDS, rules=rules).explain()
    ledger = answer.ledger
    stretches = [ledger.before, *ledger.blocks, ledger.after]
    assert len(ledger.blocks) == answer.model.blocks
    for stretch in stretches:
        assert stretch.rest == pytest.approx(0, abs=1e-5 * abs(answer.value))
    for name in ("constants", "softmax", "rest"):
        assert sum(getattr(s, name) for s in stretches) == pytest.approx(getattr(ledger.total, name), abs=1e-6)
    assert [s.passed for s in stretches[1:]] == pytest.approx(answer.layers.sum(1).tolist(), abs=1e-5)
    assert [s.arrived for s in stretches[:-1]] == [s.passed for s in stretches[1:]]
    assert (ledger.total.arrived, ledger.total.passed) == (answer.value, stretches[0].passed)
    assert sum(ledger.constants.values()) == pytest.approx(ledger.total.constants, abs=1e-6)


def test_that_the_softmax_keeps_the_same_fused_or_not() -> None:
    for family in ("llama", "gpt2", "falcon"):
        fused, written_out = (
            ledger_of(with_biases(family, attn_implementation=attention), "attnlrp") for attention in ("sdpa", "eager")
        )
        assert fused.total.softmax == pytest.approx(written_out.total.softmax, rel=1e-4)
        for one, other in zip(fused.blocks, written_out.blocks, strict=True):
            assert one.softmax == pytest.approx(other.softmax, abs=1e-4)


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp", "input-x-gradient"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom"])
def test_that_eight_targets_at_once_have_the_ledgers_of_each_alone(family: str, rules: str) -> None:
    trace = engine.trace(with_biases(family), input_ids=IDS, rules=rules)
    wanted = [targets.Token(token, position) for token, position in zip(range(3, 11), (-1, 4) * 4, strict=True)]
    for target, answer in zip(wanted, trace.explain_many(wanted), strict=True):
        together, alone = answer.ledger, trace.explain(target).ledger
        for one, other in zip((together.total, *together.blocks), (alone.total, *alone.blocks), strict=True):
            for name in ("arrived", "passed", "constants", "softmax"):
                assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_checkpointing_keeps_the_same_books(rules: str) -> None:
    model = with_biases("gpt2", attn_implementation="eager")
    assert ledger_of(model, rules, checkpointing=True) == ledger_of(model, rules)


def test_that_explaining_is_the_same_without_a_ledger() -> None:
    model = with_biases("gpt2")
    with_one, without = (engine.trace(model, input_ids=IDS, ledger=ledger).explain() for ledger in (True, False))
    assert without.ledger is None
    assert np.array_equal(with_one.layers, without.layers)


def test_that_gradients_have_no_ledger_and_input_x_gradient_promises_nothing() -> None:
    assert engine.trace(tiny("llama"), input_ids=IDS, rules="gradient").explain().ledger is None
    ledger = ledger_of(tiny("llama"), "input-x-gradient")
    assert not ledger.conserves
    total = ledger.total
    assert total.arrived == pytest.approx(total.passed + total.constants + total.softmax + total.rest)


class Residual(nn.Linear):
    """A linear map beside its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Odd(nn.Module):
    """Two blocks, and one operation with a constant in it between them and the logits."""

    def __init__(self, operation: object) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.embedding = nn.Embedding(10, 4)
        self.blocks = nn.ModuleList(Residual(4, 4) for _ in range(2))
        self.constant = nn.Parameter(torch.randn(1, 3, 4))
        self.norm = nn.BatchNorm1d(4)
        self.norm.running_mean += torch.randn(4)
        self.norm.bias.data += torch.randn(4)
        self.conv = nn.Conv1d(4, 4, 3, padding=1)
        self.operation = operation

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return self.operation(self, x) @ self.embedding.weight.T


def set_column(model: Odd, x: Tensor) -> Tensor:
    x = x.clone()
    x[..., 1] = model.constant[..., 1]
    return x


def set_into_constant(model: Odd, x: Tensor) -> Tensor:
    table = model.constant.detach().clone()
    table[..., 1:] = x[..., 1:]
    return table


def add_in_place(model: Odd, x: Tensor) -> Tensor:
    x = x * x
    x += model.constant
    return x


MASK = torch.tensor([True, False, True, False])
OPERATIONS = {
    "cat": lambda m, x: torch.cat([m.constant[..., :2], x[..., 2:]], -1),
    "stack": lambda m, x: torch.stack([x, m.constant]).sum(0),
    "where": lambda m, x: torch.where(MASK, x, m.constant),
    "where with a number": lambda m, x: torch.where(MASK, x, 0.5),
    "masked_fill": lambda m, x: x.masked_fill(MASK, 0.7),
    "masked_fill_": lambda m, x: (x * 1).masked_fill_(MASK, 0.7),
    "pad": lambda m, x: F.pad(x[..., :3], (0, 1), value=0.7),
    "setitem": set_column,
    "setitem into a constant": set_into_constant,
    "index_add": lambda m, x: m.constant.detach().clone().index_add_(1, torch.tensor([0, 1, 2]), x),
    "clamp": lambda m, x: x.clamp(-0.3, 0.4),
    "clamp_": lambda m, x: (x * 1).clamp_(-0.3, 0.4),
    "maximum": lambda m, x: torch.maximum(x, m.constant),
    "add": lambda m, x: torch.add(x, m.constant, alpha=3),
    "add in place": add_in_place,
    "a number added": lambda m, x: 1 + x,
    "subtracted from": lambda m, x: m.constant - x,
    "a number less": lambda m, x: 1 - x,
    "rsub": lambda m, x: torch.rsub(x, m.constant),
    "constant added to": lambda m, x: m.constant.detach().clone().add_(x),
    "baddbmm": lambda m, x: torch.baddbmm(m.constant, x, torch.eye(4).expand(1, 4, 4), beta=0.5),
    "batch norm": lambda m, x: m.norm(x.transpose(1, 2)).transpose(1, 2),
    "conv": lambda m, x: m.conv(x.transpose(1, 2)).transpose(1, 2),
}


@pytest.mark.parametrize("rules", ["cp-lrp", "attnlrp"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_that_constants_are_counted_however_they_come_in(name: str, rules: str) -> None:
    answer = engine.trace(Odd(OPERATIONS[name]), input_ids=[1, 2, 3], rules=rules).explain(targets.Token(4, 1))
    after = answer.ledger.after
    assert abs(after.constants) > 1e-3
    assert after.rest == pytest.approx(0, abs=1e-5)
    assert answer.ledger.closes


@pytest.mark.parametrize("lowest", [float("-inf"), torch.finfo(torch.float32).min])
def test_that_a_mask_gets_no_relevance_and_is_no_nan(lowest: float) -> None:
    mask = torch.zeros(3, 3).masked_fill(torch.ones(3, 3).triu(1).bool(), lowest)

    def attention(model: Odd, x: Tensor) -> Tensor:
        scores = x @ x.transpose(1, 2) + mask
        scores = scores.masked_fill(mask < 0, lowest)
        return torch.where(mask < 0, torch.tensor(lowest), scores).softmax(-1) @ x

    answer = engine.trace(Odd(attention), input_ids=[1, 2, 3]).explain(targets.Token(4, 1))
    after = answer.ledger.after
    assert after.constants == 0
    assert after.softmax != 0
    assert after.rest == pytest.approx(0, abs=1e-5)


def test_that_an_operation_without_a_rule_leaves_the_ledger_open() -> None:
    answer = engine.trace(Odd(lambda m, x: torch.sin(3 * x)), input_ids=[1, 2, 3]).explain(targets.Token(4, 1))
    assert answer.ledger.conserves and not answer.ledger.closes
    assert answer.ledger.total.rest == pytest.approx(answer.ledger.after.rest)


# -- tensors that a model overwrites ---------------------------------------------------------------------------------


def _twice(x: Tensor) -> None:
    x[..., 0] = 1.0
    x[..., 1] = 2.0


def _sums(x: Tensor) -> None:
    x += 1
    x.mul_(2)
    x -= 3


def _masks(x: Tensor) -> None:
    x.masked_fill_(torch.arange(x.shape[-1]) > 5, 1.0)
    x.masked_fill_(torch.arange(x.shape[-1]) < 2, 2.0)


def _part(x: Tensor) -> None:
    part = x[..., 2:4]
    part += 1
    x[..., 1:3].fill_(3.0)


OVERWRITTEN = {
    "relu": torch.relu_,
    "relu by function": lambda x: F.relu(x, inplace=True),
    "tanh": torch.tanh_,
    "a factor": lambda x: x.mul_(2.0),
    "a quotient": lambda x: x.div_(2.0),
    "elements, twice": _twice,
    "sums": _sums,
    "masks": _masks,
    "a part": _part,
    "bounds": lambda x: x.clamp_(min=-0.1),
    "bounds, twice": lambda x: x.clamp_(min=-0.1).clamp_(max=0.1).mul_(2),
}


class Overwriting(nn.Module):
    """A block that writes into what its first linear map gave, which torch makes as a view."""

    def __init__(self, overwrite: object) -> None:
        super().__init__()
        self.up, self.down, self.overwrite = nn.Linear(4, 8), nn.Linear(8, 4), overwrite

    def forward(self, x: Tensor) -> Tensor:
        wide = self.up(x)
        self.overwrite(wide)
        narrow = self.down(wide)
        narrow.add_(x)
        return narrow


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp", "gamma"])
@pytest.mark.parametrize("name", OVERWRITTEN)
def test_that_the_ledger_closes_where_a_model_overwrites_what_it_computed(name: str, rules: str) -> None:
    model = Odd(lambda model, x: x)
    model.blocks = nn.ModuleList(Overwriting(OVERWRITTEN[name]) for _ in range(2))
    answer = engine.trace(model, input_ids=[1, 2, 3], rules=rules).explain(targets.Token(4))
    assert np.abs(answer.input).max() > 0
    assert answer.ledger.closes


@pytest.mark.parametrize("activation", ["relu", "tanh", "celu", "selu", "elu", "leaky_relu", "hardtanh", "relu6"])
def test_that_an_activation_in_place_is_as_one_beside(activation: str) -> None:
    found = []
    for inplace in (False, True):
        name = f"{activation}_" if inplace and activation != "relu6" else activation
        function = getattr(F, name, None) or getattr(torch, name)
        options = {"inplace": inplace} if activation == "relu6" else {}
        model = Odd(lambda model, x, f=function, options=options: f(x * 1.0, **options))
        found.append(engine.trace(model, input_ids=[1, 2, 3]).explain(targets.Token(4)).layers)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
@pytest.mark.parametrize("family", sorted({family for family, attention in ATTENTIONS if attention == "sdpa"}))
def test_that_relevance_is_the_same_by_fused_attention_and_by_attention_written_out(family: str, rules: str) -> None:
    found = []
    for attention in ("sdpa", "eager"):
        with engine.trace(with_biases(family, attn_implementation=attention), input_ids=IDS, rules=rules) as trace:
            found.append(trace.explain(targets.Token(41)).layers)
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-4 * np.abs(found[0]).max())
