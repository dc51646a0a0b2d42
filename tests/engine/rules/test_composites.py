"""zennit's composites as rule sets, beside zennit alone."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet18
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import (
    DeconvNet,
    EpsilonAlpha2Beta1,
    EpsilonAlpha2Beta1Flat,
    EpsilonGammaBox,
    EpsilonPlus,
    EpsilonPlusFlat,
    ExcitationBackprop,
    GuidedBackprop,
    LayerMapComposite,
    MixedComposite,
    NameMapComposite,
    SpecialFirstLayerMapComposite,
)
from zennit.core import BasicHook, Composite
from zennit.layer import Sum
from zennit.rules import AlphaBeta, Epsilon, Flat, Gamma, Norm, Pass, WSquare, ZBox, ZPlus
from zennit.torchvision import ResNetCanonizer
from zennit.types import AvgPool

import engine
from engine import targets
from engine.protocol.failures import RulesError
from engine.rules.table import rule_set
from tests.engine.rules.test_scope import fingerprint
from tests.parity.models import fixed_model, fixed_vision_model


class Residual(nn.Module):
    """A block as ResNet has it, whose sum is a module of zennit's."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.sum, self.act = Sum(), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.sum(torch.stack([self.norm(self.conv(x)), x], dim=-1)))


def cnn() -> nn.Module:
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        Residual(),
        nn.Conv2d(8, 6, 3, stride=2),
        nn.ReLU(),
        nn.AvgPool2d(2, stride=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 5),
    )
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
    return model.eval()


def picture(*, black: bool = False) -> Tensor:
    image = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    if black:  # whole patches of it, and channels elsewhere
        image[..., :8, :] = 0
        image[:, 0] = 0
    return image


def merging() -> list[SequentialMergeBatchNorm]:
    return [SequentialMergeBatchNorm()]


COMPOSITES: dict[str, Callable[[], Composite]] = {
    "EpsilonGammaBox": lambda: EpsilonGammaBox(low=-3.0, high=3.0),
    "EpsilonGammaBox by channel": lambda: EpsilonGammaBox(low=torch.full((1, 3, 1, 1), -3.0), high=3.0, gamma=1.0),
    "EpsilonPlus": EpsilonPlus,
    "EpsilonPlusFlat": EpsilonPlusFlat,
    "EpsilonAlpha2Beta1": EpsilonAlpha2Beta1,
    "EpsilonAlpha2Beta1Flat": EpsilonAlpha2Beta1Flat,
    "merged ExcitationBackprop": lambda: ExcitationBackprop(canonizers=merging()),
    "merged EpsilonGammaBox": lambda: EpsilonGammaBox(low=-3.0, high=3.0, canonizers=merging()),
    "merged EpsilonPlus": lambda: EpsilonPlus(canonizers=merging()),
    "merged EpsilonPlusFlat": lambda: EpsilonPlusFlat(canonizers=merging()),
    "of layers": lambda: LayerMapComposite(
        [(nn.Conv2d, Gamma(0.3)), (nn.Linear, AlphaBeta()), ((Sum, AvgPool), Norm()), (nn.BatchNorm2d, Pass())]
    ),
    "of names": lambda: NameMapComposite(
        [
            *((("0",), WSquare()), (("1", "4.norm"), Pass()), (("4.conv", "5"), ZPlus())),
            *((("4.sum", "7", "8"), Norm()), (("10",), Epsilon())),
        ]
    ),
    "with a special first": lambda: SpecialFirstLayerMapComposite(
        [(nn.Conv2d, Gamma()), (nn.BatchNorm2d, Pass()), ((Sum, AvgPool), Norm()), (nn.Linear, Epsilon(0.1))],
        [(nn.Conv2d, ZBox(-3.0, 4.0))],
    ),
    "mixed": lambda: MixedComposite([NameMapComposite([(("0",), Flat())]), EpsilonPlus()]),
}


def alone(model: nn.Module, composite: Composite, image: Tensor, label: int) -> Tensor:
    """zennit's relevance of a class, (channel, height, width)."""
    model = copy.deepcopy(model)  # zennit 1 does not leave it as it was
    leaf = image.clone().requires_grad_()
    with composite.context(model):
        output = model(leaf)
        seed = F.one_hot(torch.tensor([label]), output.shape[1]) * output.detach()
        (relevance,) = torch.autograd.grad(output, leaf, seed)
    return relevance[0]


def apart(ours: np.ndarray, theirs: Tensor) -> float:
    theirs = theirs.sum(0).numpy()
    assert np.abs(theirs).max() > 0
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize("black", [False, True])
@pytest.mark.parametrize("name", COMPOSITES)
def test_that_relevance_is_zennits(name: str, black: bool) -> None:
    model, image = cnn(), picture(black=black)
    theirs = alone(model, COMPOSITES[name](), image, 2)
    ours = engine.trace(model, pixel_values=image, rules=COMPOSITES[name]()).explain(targets.Class(2))
    assert apart(ours.input, theirs) <= 1e-5


def test_that_black_pixels_have_zboxs_relevance() -> None:
    model, image = cnn(), picture(black=True)
    ours = engine.trace(model, pixel_values=image, rules=EpsilonGammaBox(low=-3.0, high=3.0)).explain()
    assert np.abs(ours.input[:8]).max() > 0.01 * np.abs(ours.input).max()


def test_that_zero_activations_at_a_layer_keep_what_they_were_given() -> None:
    first = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False))
    blocks = nn.Sequential(*(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1)) for _ in range(3)))
    model = nn.Sequential(first, blocks, nn.Flatten(), nn.Linear(64, 3)).eval()
    image = torch.randn(1, 3, 4, 4)
    image[..., :2, :] = 0
    composite = LayerMapComposite([(nn.Conv2d, Flat()), (nn.Linear, Epsilon())])
    answer = engine.trace(model, pixel_values=image, rules=composite).explain(targets.Class(1))
    assert apart(answer.input, alone(model, composite, image, 1)) <= 1e-5
    np.testing.assert_allclose(answer.input.sum(), answer.layers[0].sum(), rtol=1e-4)
    assert (answer.layers[0].reshape(4, 4)[:2] != 0).all()


@pytest.mark.parametrize("make", [DeconvNet, GuidedBackprop])
def test_that_hooks_of_gradients_give_input_times_their_gradient(make: Callable[[], Composite]) -> None:
    model, image = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14 * 14, 3)), picture()
    leaf = image.clone().requires_grad_()
    with make().context(model):
        (gradient,) = torch.autograd.grad(model(leaf)[0, 1], leaf)
    ours = engine.trace(model, pixel_values=image, rules=make()).explain(targets.Class(1))
    assert apart(ours.input, (image * gradient)[0]) <= 1e-5


@pytest.mark.parametrize("name", ["EpsilonGammaBox", "EpsilonPlusFlat"])
def test_that_a_canonizer_of_zennit_serves(name: str) -> None:
    torch.manual_seed(0)
    model, image = resnet18(num_classes=4).eval(), torch.randn(1, 3, 32, 32)
    image[..., :9] = 0
    make = {"EpsilonGammaBox": lambda **k: EpsilonGammaBox(-3.0, 3.0, **k), "EpsilonPlusFlat": EpsilonPlusFlat}[name]
    before = fingerprint(model)
    theirs = alone(model, make(canonizers=[ResNetCanonizer()]), image, 3)
    ours = engine.trace(model, pixel_values=image, rules=make(canonizers=[ResNetCanonizer()])).explain(targets.Class(3))
    assert apart(ours.input, theirs) <= 1e-5
    assert fingerprint(model)[0] == before[0]


def test_that_targets_together_are_each_alone() -> None:
    model, image = cnn(), picture(black=True)
    trace = engine.trace(model, pixel_values=image, rules=COMPOSITES["merged EpsilonGammaBox"]())
    wanted = [targets.Class(i) for i in range(3)]
    for label, together in enumerate(trace.explain_many(wanted)):
        one = trace.explain(targets.Class(label))
        np.testing.assert_allclose(together.input, one.input, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(together.layers, one.layers, rtol=1e-4, atol=1e-5)
        theirs = alone(model, COMPOSITES["merged EpsilonGammaBox"](), image, label)
        assert apart(together.input, theirs) <= 1e-5


def test_that_a_module_called_twice_has_its_rule_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList([nn.Linear(12, 12), nn.Linear(12, 2)])

        def forward(self, x: Tensor) -> Tensor:
            layer, head = self.parts
            return head(layer(layer(x.flatten(1))))

    torch.manual_seed(0)
    model, image = Twice(), torch.randn(1, 3, 2, 2)
    layer, head = model.parts
    unrolled = nn.Sequential(nn.Flatten(), layer, copy.deepcopy(layer), head)
    composite = LayerMapComposite([(nn.Linear, Gamma(0.5))])
    theirs = alone(unrolled, composite, image, 1)
    ours = engine.trace(model, pixel_values=image, rules=composite).explain(targets.Class(1))
    assert apart(ours.input, theirs) <= 1e-5


def test_that_on_a_transformer_the_composite_of_gammas_is_gamma() -> None:
    model, image = fixed_vision_model()
    composite = LayerMapComposite([(nn.Conv2d, Gamma(0.25)), (nn.Linear, Gamma(0.05))])
    theirs = engine.trace(model, pixel_values=image, rules="gamma").explain()
    ours = engine.trace(model, pixel_values=image, rules=composite).explain()
    np.testing.assert_allclose(ours.layers, theirs.layers, rtol=1e-4, atol=1e-5)
    again = engine.trace(model, pixel_values=image, rules=composite, checkpointing=True).explain()
    np.testing.assert_allclose(ours.layers, again.layers, rtol=1e-4, atol=1e-5)
    assert ours.rules == "LayerMapComposite"
    assert not ours.ledger.conserves


def test_that_coverage_names_the_hooks() -> None:
    rows = engine.coverage(cnn(), pixel_values=picture(), rules=EpsilonGammaBox(low=-3.0, high=3.0))
    named = {(row.module, row.operation): row.rule for row in rows}
    assert named["0", "Conv2d"] == "ZBox"
    assert named["4.conv", "Conv2d"] == "Gamma"
    assert named["4.sum", "Sum"] == "Norm"
    assert named["10", "Linear"] == "Epsilon"
    assert named["3", "max_pool2d"] == "own gradient"


@pytest.mark.parametrize("name", ["EpsilonPlus", "merged EpsilonPlus"])
def test_that_the_model_and_zennit_are_left_as_they_were(name: str) -> None:
    model, image = cnn(), picture()
    same = [id(tensor) for tensor in (*model.parameters(), *model.buffers())]
    before, output, methods = fingerprint(model), model(image), dict(vars(BasicHook))
    values = {name: value.clone() for name, value in model.state_dict().items()}
    with engine.trace(model, pixel_values=image, rules=COMPOSITES[name]()) as trace:
        trace.explain()
    assert [id(tensor) for tensor in (*model.parameters(), *model.buffers())] == same
    assert fingerprint(model)[0] == before[0]
    assert [(name, p.requires_grad, p.grad is None) for name, p in model.named_parameters()] == [
        found[:3] for found in before[1]
    ]
    assert dict(vars(BasicHook)) == methods
    assert torch.equal(model(image), output)
    assert all(torch.equal(value, values[name]) for name, value in model.state_dict().items())


def test_that_without_canonizers_the_forward_pass_is_unchanged() -> None:
    model, image = cnn(), picture()
    output = model(image)
    with rule_set(EpsilonGammaBox(low=-3.0, high=3.0)).on(model):
        assert torch.equal(model(image), output)


def test_that_what_a_canonizer_changed_is_asked_for_going_back() -> None:
    model, image = cnn(), picture().requires_grad_()
    with rule_set(EpsilonPlus(canonizers=merging())).on(model):
        output = model(image)
    with pytest.raises(RulesError, match="go back inside the `with`"):
        output.sum().backward()


def test_that_relevance_of_zeros_that_nothing_holds_is_refused() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(3 * 16 * 16, 4), nn.Linear(4, 2))
    composite = NameMapComposite([(("2",), Flat())])
    trace = engine.trace(model, pixel_values=picture(), rules=composite)
    with pytest.raises(RulesError, match="Flat on 2 gives relevance to inputs that are exactly zero"):
        trace.explain(targets.Class(0))


def test_that_rules_for_a_part_of_a_part_are_refused() -> None:
    model = nn.Sequential(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4)), nn.Linear(4, 2))
    composite = NameMapComposite([(("0",), Norm()), (("0.1",), Gamma())])
    with pytest.raises(RulesError, match=r"for 0 and for its part 0\.1"):
        engine.trace(model, pixel_values=picture(), rules=composite)


def test_that_a_module_of_several_values_is_refused() -> None:
    model = fixed_model("llama", "eager")
    composite = NameMapComposite([(("model.layers.0.self_attn",), Pass())])
    with pytest.raises(RulesError, match="has several"):
        engine.trace(model, input_ids=[1, 2, 3], rules=composite)
