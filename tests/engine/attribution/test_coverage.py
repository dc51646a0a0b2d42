"""Coverage names every operation that depends on the input, and where relevance may be lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from accelerate import cpu_offload
from torch import Tensor, nn

import engine
from engine.attribution.trust import by_formula
from engine.attribution.trust.formulas import formula_of
from engine.protocol.failures import PromptError, RulesError
from engine.protocol.reports import CoverageRow
from engine.rules.gates import sum_of_gates
from engine.rules.table import ATTNLRP, CP_LRP, RuleSet, gamma
from tests.engine.attribution.families import FAMILIES, IDS, tiny
from tests.engine.attribution.test_trace import fingerprint


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
@pytest.mark.parametrize("family", FAMILIES)
def test_that_no_operation_goes_without_its_rule(family: str, rules: str) -> None:
    model = tiny(family)
    before = fingerprint(model)
    rows = engine.coverage(model, input_ids=IDS, rules=rules)
    assert [row for row in rows if row.rule == "plain gradient"] == []
    assert fingerprint(model) == before


def test_that_rows_say_what_ran_where_and_by_which_rule() -> None:
    rows = engine.coverage(tiny("gpt2"), input_ids=IDS)
    for expected in (
        CoverageRow("transformer.h.0.ln_1", "layer_norm", "layer norm", 1),
        CoverageRow("transformer.h.2.attn", "scaled_dot_product_attention", "split between", 1),
        CoverageRow("transformer.h.1.mlp.act", "NewGELUActivation", "identity", 1),
        CoverageRow("transformer.h.1", "add", "own gradient", 2),
        CoverageRow("lm_head", "linear", "own gradient", 1),
    ):
        assert expected in rows
    pattern = CoverageRow("transformer.h.2.attn", "scaled_dot_product_attention", "constant pattern", 1)
    assert pattern in engine.coverage(tiny("gpt2"), input_ids=IDS, rules="cp-lrp")


def test_that_questions_about_a_tensor_do_not_appear() -> None:
    operations = {
        row.operation for family in ("llama", "bloom") for row in engine.coverage(tiny(family), input_ids=IDS)
    }
    assert operations.isdisjoint({"get", "size", "dim", "gt", "eq", "detach", "is_floating_point", "embedding", "cos"})


class Wavy(nn.Module):
    """An operation that no table knows, in a block and beside a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        for block in self.blocks:
            x = torch.sin(block(x)) + torch.sin(self.blocks[0].bias)
        return x @ self.embedding.weight.T


def test_that_an_unknown_operation_has_a_plain_gradient() -> None:
    rows = engine.coverage(Wavy(), input_ids=[1, 2])
    assert [row for row in rows if row.rule == "plain gradient"] == [CoverageRow("", "sin", "plain gradient", 2)]


def test_that_what_cannot_be_covered_is_said() -> None:
    with pytest.raises(PromptError):
        engine.coverage(tiny("llama"))
    with pytest.raises(RulesError):
        engine.coverage(tiny("llama"), input_ids=IDS, rules="deeplift")


def test_that_the_self_test_of_a_sound_model_passes() -> None:
    model = tiny("opt")
    before = fingerprint(model)
    report = engine.self_test(model)
    assert report.passed and all(check.passed for check in report.checks)
    assert len({check.what for check in report.checks}) == len(report.checks) == 14
    assert fingerprint(model) == before


def test_that_the_self_test_finds_what_does_not_hold() -> None:
    report = engine.self_test(Wavy(), input_ids=[1, 2])
    failed = {check.what: check for check in report.checks if check.passed is False}
    titles = ("AttnLRP, float32", "CP-LRP, float32", f"{gamma().title}, float32", "CP-LRP, float64")
    ledgers = {f"ledger under {rules}" for rules in titles}
    assert set(failed) == {*ledgers, "coverage"}
    assert "sin" in failed["coverage"].sentence
    assert not report.passed


class Counting(Wavy):
    """Is not the same after it has run."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = nn.Parameter(torch.zeros(1))

    def forward(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            self.calls += 1
        return super().forward(ids) * self.calls


def test_that_the_self_test_finds_a_model_that_changes() -> None:
    failed = {check.what for check in engine.self_test(Counting(), input_ids=[1, 2]).checks if check.passed is False}
    assert {"reversibility", "forward exactness, attnlrp"} <= failed


@pytest.mark.parametrize("rules", [ATTNLRP, CP_LRP], ids=lambda rules: rules.name)
def test_that_the_self_test_has_a_formula_for_every_operation_with_a_rule(rules: RuleSet) -> None:
    assert rules.attention is not None
    shaped = [operation for operation, rule in rules.rules.items() if rule is not sum_of_gates]  # a sum is as it is
    assert [operation for operation in shaped if formula_of(operation, rules.attention) is None] == []


def test_that_the_self_test_says_what_is_too_large_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_formula, "LARGEST", 100)
    checks = {check.what: check for check in engine.self_test(tiny("llama"), input_ids=IDS).checks}
    assert "were not tried." in checks["operations under AttnLRP"].sentence


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_that_the_self_test_holds_of_weights_that_wait_elsewhere(family: str) -> None:
    """accelerate brings each module's weights when it is called, and puts the meta device in their place after."""
    offloaded = cpu_offload(tiny(family), execution_device=torch.device("cpu"))
    assert next(offloaded.parameters()).is_meta
    assert [check for check in engine.self_test(offloaded, input_ids=IDS).checks if check.passed is False] == []
    answer, wanted = (engine.trace(module, input_ids=IDS).explain() for module in (offloaded, tiny(family)))
    assert np.array_equal(answer.layers, wanted.layers)


def test_that_a_forward_hook_of_the_users_is_named() -> None:
    def louder(part: nn.Module, args: object, output: Tensor) -> Tensor:
        return output * 2

    model = tiny("llama")
    model.model.norm.register_forward_hook(louder)
    rows = [row for row in engine.coverage(model, input_ids=IDS) if row.rule == "forward hook"]
    assert [(row.module, row.operation.rpartition(".")[2]) for row in rows] == [("model.norm", "louder")]


class InFourAxes(Wavy):
    """A linear map of a 4-d operand that does not lie in memory as one, as of a picture's rows and columns."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(4, 4)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        rows = self.map(torch.stack([x, x], 1).transpose(1, 2))[:, :, 0]
        return (x + rows) @ self.embedding.weight.T


@pytest.mark.parametrize("learning", [True, False])
def test_that_bit_for_bit_is_measured_with_parameters_that_do_not_learn(learning: bool) -> None:
    model = InFourAxes().requires_grad_(learning)
    checks = engine.self_test(model, input_ids=[1, 2, 3]).checks
    assert all(check.passed for check in checks if check.what.startswith("forward exactness"))
    assert all(parameter.requires_grad == learning for parameter in model.parameters())
