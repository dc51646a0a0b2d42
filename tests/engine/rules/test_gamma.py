"""The gamma rule beside its formula spelt out slowly in float64, beside zennit, and at work on models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import vision_transformer
from zennit.composites import LayerMapComposite
from zennit.rules import Gamma

import engine
from engine import targets
from engine.protocol.failures import RulesError
from engine.rules.table import RuleSet, gamma, rule_set
from tests.engine.rules.test_scope import fingerprint
from tests.parity.models import fixed_model, fixed_vision_model

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(7, 5), (3, 7)),
    "linear of tokens": (lambda: nn.Linear(7, 5), (1, 3, 7)),
    "linear without bias": (lambda: nn.Linear(7, 5, bias=False), (3, 7)),
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1), (2, 4, 9)),
    "conv2d": (lambda: nn.Conv2d(4, 6, 3, padding=1, dilation=2, groups=2), (2, 4, 9, 8)),
    "conv2d without bias": (lambda: nn.Conv2d(4, 6, 4, padding="same", bias=False), (2, 4, 9, 8)),
    "conv2d of a circle": (lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), (2, 4, 5, 5)),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2), (1, 2, 4, 4, 3)),
}
STRENGTHS = (0.0, 0.05, 1.0, 100.0)


def double(*shape: int) -> Tensor:
    numbers = torch.randn(*shape, dtype=torch.float64)
    numbers.view(-1)[0] = 0.0
    return numbers.requires_grad_()


def under(rules: RuleSet, module: nn.Module, x: Tensor, seed: Tensor) -> Tensor:
    with rules.on(module):
        (grad,) = torch.autograd.grad(module(x), x, seed)
    return grad


def spelt_out(x: Tensor, weight: Tensor, bias: Tensor, relevance: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Relevance of x (row, in) and of b (out,), contribution by contribution."""
    of_x, of_bias = torch.zeros_like(x), torch.zeros_like(bias)
    for row in range(len(x)):
        for out in range(len(bias)):
            contributions = [*(x[row] * weight[out]), bias[out]]
            y = sum(contributions)
            counted = [z * (1 + strength) if z * y > 0 else z for z in contributions]
            denominator = sum(counted)
            shares = [z / (denominator + 1e-6 * denominator.sign()) for z in counted]
            of_x[row] += relevance[row, out] * torch.stack(shares[:-1])
            of_bias[out] += relevance[row, out] * shares[-1]
    return of_x, of_bias


@pytest.mark.parametrize("strength", STRENGTHS)
def test_that_contributions_of_the_outputs_sign_count_more(strength: float) -> None:
    torch.manual_seed(0)
    module, x = nn.Linear(7, 5).double(), double(3, 7)
    seed = torch.randn(3, 5, dtype=torch.float64)
    relevance = (seed * module(x)).detach()
    expected, of_bias = spelt_out(x.detach(), module.weight.detach(), module.bias.detach(), relevance, strength)
    found = x * under(gamma(linear=strength), module, x, seed)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    kept = expected.sum() + of_bias.sum()
    assert float(kept) == pytest.approx(float(relevance.sum()), rel=1e-4)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("layer", LAYERS)
def test_that_it_is_zennits(layer: str, strength: float) -> None:
    torch.manual_seed(1)
    make, shape = LAYERS[layer]
    module, x = nn.Sequential(make()).double(), double(*shape)
    output = module(x).detach()
    seed = torch.randn_like(output)
    with LayerMapComposite([((nn.Linear, nn.modules.conv._ConvNd), Gamma(strength))]).context(module):
        (theirs,) = torch.autograd.grad(module(x), x, seed * output)
    ours = x * under(gamma(strength, strength), module, x, seed)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_that_an_output_of_zero_and_an_input_of_zero_get_no_relevance() -> None:
    module = nn.Linear(2, 2).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0, -1.0], [1.0, 1.0]]))
        module.bias.zero_()
    x = torch.tensor([[1.0, 1.0], [0.0, 3.0]], dtype=torch.float64, requires_grad=True)
    found = x * under(gamma(linear=0.5), module, x, torch.ones(2, 2, dtype=torch.float64))
    torch.testing.assert_close(found.detach(), x.new_tensor([[1.0, 1.0], [0.0, 0.0]]), atol=1e-5, rtol=0)


def test_that_conv_and_linear_have_their_own() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv1d(3, 4, 1), nn.Flatten(), nn.Linear(20, 2)).double()
    x, seed = double(1, 3, 5), torch.randn(1, 2, dtype=torch.float64)
    composite = LayerMapComposite([(nn.Conv1d, Gamma(0.7)), (nn.Linear, Gamma(0.1))])
    with composite.context(module):
        (theirs,) = torch.autograd.grad(module(x), x, seed * module(x).detach())
    torch.testing.assert_close(x * under(gamma(0.7, 0.1), module, x, seed), theirs)
    assert not torch.allclose(x * under(gamma(0.1, 0.7), module, x, seed), theirs)


class Functional(nn.Module):
    """Linear maps that are no layer's call, one of them by a matrix that depends on the input."""

    def __init__(self) -> None:
        super().__init__()
        self.held = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.linear(x, self.held.weight, self.held.bias), x)


def test_that_only_calls_of_layers_have_it() -> None:
    torch.manual_seed(0)
    module, x, seed = Functional().double(), double(6, 6), torch.randn(6, 6, dtype=torch.float64)
    assert torch.equal(under(gamma(), module, x, seed), under(rule_set("cp-lrp"), module, x, seed))


def test_that_the_forward_pass_is_unchanged_and_nothing_is_left_on_the_model() -> None:
    model, image = fixed_vision_model()
    other, _ = fixed_vision_model()
    before, output = fingerprint(model), model(image)
    (plain,) = torch.autograd.grad(other(image.requires_grad_())[0, 0], image)
    with gamma().on(model):
        assert torch.equal(model(image), output)
        (beside,) = torch.autograd.grad(other(image)[0, 0], image)
    assert torch.equal(beside, plain)
    assert fingerprint(model) == before
    assert torch.equal(model(image), output)


def test_that_gammas_are_read_when_relevance_goes_back() -> None:
    model, image = fixed_vision_model()
    forwards = []
    handle = model.register_forward_hook(lambda *_: forwards.append(None))
    with engine.trace(model, pixel_values=image, rules="gamma") as trace:
        first = trace.explain()
        other = trace.explain(rules="gamma(conv=1, linear=0.1)")
        again = trace.explain()
    handle.remove()
    assert len(forwards) == 1
    assert [r.rules for r in (first, other)] == ["gamma(conv=0.25, linear=0.05)", "gamma(conv=1, linear=0.1)"]
    alone = engine.trace(model, pixel_values=image, rules=other.rules).explain()
    assert np.array_equal(other.layers, alone.layers) and np.array_equal(other.input, alone.input)
    assert np.array_equal(first.layers, again.layers)
    assert not np.allclose(first.layers, other.layers)


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [("gamma", "cp-lrp"), ("cp-lrp", "gamma"), ("gamma", "gamma(attention='attnlrp')"), ("attnlrp", "cp-lrp")],
)
def test_that_rules_with_another_forward_pass_are_refused(recorded: str, asked: str) -> None:
    model, image = fixed_vision_model()
    trace = engine.trace(model, pixel_values=image, rules=recorded)
    with pytest.raises(RulesError, match="make a trace under those rules"):
        trace.explain(rules=asked)
    assert trace.explain(rules=recorded).rules == rule_set(recorded).name


def test_that_a_changed_table_keeps_its_gammas() -> None:
    model, image = fixed_vision_model()
    changed = gamma(1, 1).but("mine", "Mine", {F.gelu: rule_set("cp-lrp").rules[F.gelu]})
    with engine.trace(model, pixel_values=image, rules=changed) as trace:
        assert np.array_equal(
            trace.explain().layers, engine.trace(model, pixel_values=image, rules=gamma(1, 1)).explain().layers
        )
        with pytest.raises(RulesError):
            trace.explain(rules=gamma(0.1, 1))


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("rules", ["gamma(conv=0.1, linear=0)", "gamma(conv=1, linear=0.1, attention='attnlrp')"])
def test_that_targets_together_are_each_alone(rules: str, checkpointing: bool) -> None:
    model, image = fixed_vision_model()
    wanted = [targets.Class(i) for i in range(3)]
    with engine.trace(model, pixel_values=image, rules=rules) as trace:
        alone = [trace.explain(target) for target in wanted]
    with engine.trace(model, pixel_values=image, rules=rules, checkpointing=checkpointing) as trace:
        together = trace.explain_many(wanted)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.layers, other.layers, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(one.input, other.input, rtol=1e-4, atol=1e-5)
        assert one.ledger.total.constants == pytest.approx(other.ledger.total.constants, rel=1e-4)


@pytest.mark.parametrize("conv", [0.0, 0.25, 100.0])
@pytest.mark.parametrize("linear", [0.0, 0.05, 1.0])
def test_that_the_ledger_closes_with_biases_in_it(conv: float, linear: float) -> None:
    model, image = fixed_vision_model()
    ledger = engine.trace(model, pixel_values=image, rules=gamma(conv, linear)).explain().ledger
    assert ledger.conserves and ledger.closes
    assert ledger.constants["bias"] != 0
    assert ledger.total.passed + ledger.total.constants == pytest.approx(ledger.total.arrived, rel=1e-5)


def test_that_what_is_left_over_in_double_is_the_stabilizers_share(monkeypatch: pytest.MonkeyPatch) -> None:
    model, image = fixed_vision_model()
    model.double()
    trace = engine.trace(model, pixel_values=image, rules="gamma")
    rests = {}
    for stabilizer in (1e-6, 1e-8, 0.0):
        monkeypatch.setattr("engine.rules.gamma._STABILIZER", stabilizer)
        total = trace.explain().ledger.total
        rests[stabilizer] = abs(total.rest / total.arrived)
    assert 0 < rests[1e-6] <= 1e-5
    assert rests[1e-8] == pytest.approx(rests[1e-6] / 100, rel=1e-2)
    assert rests[0.0] <= 1e-10


def test_that_under_attnlrps_attention_the_softmax_keeps_the_rest() -> None:
    model, image = fixed_vision_model()
    ledger = engine.trace(model, pixel_values=image, rules=gamma(attention="attnlrp")).explain().ledger
    assert ledger.total.softmax != 0
    assert ledger.conserves and ledger.closes


def test_that_coverage_names_it_where_it_acts() -> None:
    model, image = fixed_vision_model()
    rows = engine.coverage(model, pixel_values=image, rules="gamma")
    named = [(row.module.rpartition(".")[2], row.operation) for row in rows if row.rule == "gamma"]
    assert named == [("conv_proj", "conv2d"), *[("0", "linear"), ("3", "linear")] * 3, ("head", "linear")]
    assert {row.rule for row in rows if row.module.endswith("self_attention")} >= {"own gradient", "constant pattern"}


def test_that_transformers_projections_are_layers() -> None:
    model = fixed_model("llama", "sdpa")
    rows = engine.coverage(model, input_ids=[1, 2, 3], rules="gamma")
    assert {row.module.rpartition(".")[2] for row in rows if row.rule == "gamma"} == {
        *("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
    }
    ledger = engine.trace(model, input_ids=[1, 2, 3], rules="gamma").explain().ledger
    assert ledger.closes


def test_that_half_precision_gives_numbers_near_float32s() -> None:
    torch.manual_seed(0)
    model = vision_transformer.VisionTransformer(16, 4, 2, 4, 32, 64, num_classes=10).eval()
    image = torch.randn(1, 3, 16, 16)
    for rules in ("gamma(conv=100, linear=1)", "gamma"):
        wide = engine.trace(model.float(), pixel_values=image, rules=rules).explain(targets.Class(1))
        half = engine.trace(model.half(), pixel_values=image, rules=rules).explain(targets.Class(1))
        assert np.abs(wide.layers - half.layers).max() <= 0.02 * np.abs(wide.layers).max()


def test_that_a_script_patches_a_modelling_module_with_it() -> None:
    model, image = fixed_vision_model()
    expected = engine.trace(model, pixel_values=image, rules="gamma(conv=0.1, linear=1)").explain()
    with engine.monkey_patch(vision_transformer, "gamma(conv=0.1, linear=1)"):
        (grad,) = torch.autograd.grad(model(image.requires_grad_())[0].max(), image)
    np.testing.assert_allclose((image * grad).sum(1)[0].detach(), expected.input, rtol=1e-5, atol=1e-6)


def test_that_a_rule_set_is_found_by_its_name() -> None:
    for rules in (gamma(), gamma(1, 0), gamma(0.1, 1e-5, "attnlrp")):
        found = rule_set(rules.name)
        assert (found.name, found.title, found.gammas.own) == (rules.name, rules.title, rules.gammas.own)
    with pytest.raises(RulesError, match=r"There are: attnlrp, .*gamma\(conv="):
        rule_set("lrp")
    with pytest.raises(RulesError, match="from 0 to 1,000,000, not -1"):
        gamma(conv=-1)
