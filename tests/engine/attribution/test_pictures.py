"""Relevance of pictures: pixels, colour channels, patches at every layer, and how an explanation is rated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models as torchvision_models
from torchvision.models.vision_transformer import VisionTransformer

import engine
from engine.attribution.places import grid_of, model_axis
from engine.protocol.failures import EngineError, ImageError, PromptError, Stopped
from engine.protocol.values import Grid

RULES = ("attnlrp", "cp-lrp", "input-x-gradient", "gradient", "gamma(conv=0.25, linear=0.05)")


def vision_transformer() -> nn.Module:
    torch.manual_seed(0)
    module = VisionTransformer(
        image_size=32, patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5
    )
    nn.init.normal_(module.heads.head.weight)
    return module.eval()


def pixels(height: int = 32, width: int = 32) -> Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("rules", RULES)
def test_that_channels_are_the_pixels_relevance_by_colour(rules: str) -> None:
    with engine.trace(vision_transformer(), pixel_values=pixels(), rules=rules) as trace:
        found = trace.explain(engine.targets.Class(2))
    assert found.input.shape == (32, 32) and found.channels.shape == (3, 32, 32)
    together = np.linalg.norm(found.channels, axis=0) if rules == "gradient" else found.channels.sum(0)
    np.testing.assert_allclose(found.input, together, rtol=1e-5, atol=1e-7)


def test_that_channels_are_pixel_times_gradient_of_the_plain_rule_set() -> None:
    module, leaf = vision_transformer(), pixels().requires_grad_()
    module(leaf)[0, 2].backward()
    with engine.trace(module, pixel_values=leaf.detach(), rules="input-x-gradient") as trace:
        found = trace.explain(engine.targets.Class(2))
    np.testing.assert_allclose(found.channels, (leaf * leaf.grad).detach()[0].numpy(), rtol=1e-5, atol=1e-7)


def test_that_every_layer_of_a_vision_transformer_is_a_grid_after_its_class_token() -> None:
    with engine.trace(vision_transformer(), pixel_values=pixels()) as trace:
        found = trace.explain()
    assert found.grids == (Grid(4, 4, 1),) * 4
    assert found.layers.shape == (4, 17)


def test_that_many_targets_of_a_picture_are_each_what_it_is_alone() -> None:
    targets = [engine.targets.Class(i) for i in range(3)]
    with engine.trace(vision_transformer(), pixel_values=pixels()) as trace:
        for alone, among in zip(map(trace.explain, targets), trace.explain_many(targets), strict=True):
            np.testing.assert_allclose(among.channels, alone.channels, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "height", "width", "grid"),
    [
        ((1, 197, 768), 224, 224, Grid(14, 14, 1)),
        ((1, 198, 768), 224, 224, Grid(14, 14, 2)),  # class and distillation
        ((1, 261, 384), 224, 224, Grid(16, 16, 5)),  # class and four registers
        ((1, 3136, 96), 224, 224, Grid(56, 56)),
        ((1, 1 + 8 * 16, 96), 128, 256, Grid(8, 16, 1)),
        ((1, 7, 14, 768), 112, 224, Grid(7, 14)),  # channels last
        ((1, 512, 7, 14), 112, 224, Grid(7, 14)),
        ((1, 512, 7, 7), 224, 224, Grid(7, 7)),
        ((1, 7, 7, 512), 224, 224, Grid(7, 7)),
        ((1, 12), 224, 224, None),
    ],
)
def test_that_a_layers_grid_has_the_pictures_proportions(
    shape: tuple[int, ...], height: int, width: int, grid: Grid | None
) -> None:
    assert grid_of(torch.empty(shape), torch.empty(1, 3, height, width)) == grid


def test_that_channels_are_found_on_either_side_of_the_places() -> None:
    leaf = torch.empty(1, 3, 64, 128)
    assert model_axis(torch.empty(1, 96, 8, 16), leaf) == 1
    assert model_axis(torch.empty(1, 8, 16, 96), leaf) == -1
    assert model_axis(torch.empty(1, 17, 96), leaf) == -1


@pytest.mark.parametrize("name", ["resnet18", "swin_t", "convnext_tiny", "vit_b_32"])
def test_that_architectures_of_torchvision_give_relevance_at_every_layer(name: str) -> None:
    torch.manual_seed(0)
    module = getattr(torchvision_models, name)(weights=None, num_classes=7).eval()
    nn.init.normal_([m for m in module.modules() if isinstance(m, nn.Linear)][-1].weight)  # zero in some
    size = 224 if name == "vit_b_32" else 64
    with engine.trace(module, pixel_values=pixels(size, size), rules="cp-lrp") as trace:
        found = trace.explain(engine.targets.Class(3))
    assert all(grid is not None for grid in found.grids)
    assert len(found.grids) == len(found.layers)
    assert np.isfinite(found.channels).all() and np.abs(found.channels).max() > 0
    assert found.ledger is not None and found.ledger.closes


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_that_pixels_which_are_no_numbers_are_refused_by_name(bad: float) -> None:
    given = pixels()
    given[0, 0, 3, 4] = bad
    with pytest.raises(PromptError, match="not numbers"):
        engine.trace(vision_transformer(), pixel_values=given)


class Patchwise(nn.Module):
    """Its logits are linear in the mean of every patch, so that what a patch is worth is known."""

    def __init__(self) -> None:
        super().__init__()
        self.worth = nn.Parameter(torch.randn(2, 16, generator=torch.Generator().manual_seed(3)))
        self.blocks = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
        for block in self.blocks:
            nn.init.eye_(block.weight)
            nn.init.zeros_(block.bias)

    def forward(self, pixel_values: Tensor) -> Tensor:
        patches = nn.functional.avg_pool2d(pixel_values.mean(1, keepdim=True), 8).flatten(1)
        return self.blocks(patches) @ self.worth.T


@pytest.mark.parametrize("shape", [(1, 3, 24, 32), (1, 1, 32, 32), (1, 3, 31, 31)])
def test_that_pixels_of_another_size_are_refused_in_the_models_words(shape: tuple[int, ...]) -> None:
    module = vision_transformer()
    with pytest.raises(PromptError, match=rf"cannot take pixel_values of \({', '.join(map(str, shape))}\): .+\. Scale"):
        engine.trace(module, pixel_values=torch.zeros(shape))
    with engine.trace(module, pixel_values=pixels()) as trace:  # which is as it was
        assert trace.explain().input.shape == (32, 32)


def rating(change: Callable[[np.ndarray], np.ndarray], steps: int = 16) -> tuple[np.ndarray, np.ndarray, float]:
    """The rating of an explanation whose pixels were changed."""
    given = pixels()
    given -= given.mean((2, 3), keepdim=True)  # a patch that is gone is worth nothing
    with engine.trace(Patchwise(), pixel_values=given, rules="input-x-gradient") as trace:
        found = trace.explain(engine.targets.Class(0))
        return trace.rate(found.with_part(input=change(found.input)), steps)


def test_that_the_curves_are_the_targets_log_probability_without_the_patches() -> None:
    most, least, _ = rating(lambda relevance: relevance)
    given = pixels()
    given -= given.mean((2, 3), keepdim=True)
    means = nn.functional.avg_pool2d(given.mean(1, keepdim=True), 8).flatten()
    # the rating's own patches are sixteen along a side, of 2 x 2 pixels; half of the way all positive ones are gone
    whole = float((Patchwise().worth @ means).log_softmax(-1)[0])
    assert most[0] == least[0] == pytest.approx(whole, rel=1e-4)
    assert most[-1] == least[-1] == pytest.approx(np.log(0.5), rel=1e-4)
    assert most.min() < min(whole, np.log(0.5)) and least.max() > max(whole, np.log(0.5))


def test_that_a_right_explanation_is_rated_above_a_reversed_and_a_random_one() -> None:
    right = rating(lambda relevance: relevance)[2]
    wrong = rating(lambda relevance: -relevance)[2]
    shuffled = rating(lambda relevance: np.random.default_rng(0).permutation(relevance.ravel()).reshape(32, 32))[2]
    assert right > abs(shuffled) and wrong == pytest.approx(-right, rel=1e-3)


def test_that_a_rating_can_be_stopped_and_tells_how_far_it_is() -> None:
    seen: list[tuple[str, int, int]] = []
    with engine.trace(vision_transformer(), pixel_values=pixels()) as trace:
        found = trace.explain()
        trace.rate(found, 4, progress=lambda *step: seen.append(step))
        assert seen == [("rate", i, 6) for i in range(1, 7)]
        with pytest.raises(Stopped):
            trace.rate(found, 4, cancelled=lambda: True)


def test_that_a_prompts_explanation_cannot_be_rated() -> None:
    with engine.trace(engine.load_model("bundled:llama"), "1 2 3") as trace, pytest.raises(ImageError, match="picture"):
        trace.rate(trace.explain())


def test_that_a_model_of_pictures_says_so_of_text_and_takes_none_beside_a_picture() -> None:
    model = engine.load_model("bundled:vit")
    with pytest.raises(PromptError, match="takes an image, not text: give a picture"):
        engine.trace(model, "a cat")
    for text in ({"prompt": "a cat"}, {"context": "a cat"}, {"decoder_text": "a cat"}):
        with pytest.raises(PromptError, match="without any text"):
            engine.trace(model, image=np.zeros((8, 8, 3), np.uint8), **text)


def test_that_the_self_test_shows_noise_to_a_model_of_pictures() -> None:
    model = engine.load_model("bundled:vit")
    assert engine.self_test(model).passed
    assert torch.backends.mha.get_fastpath_enabled()


def test_that_a_model_of_text_says_so_of_pixels() -> None:
    with pytest.raises(EngineError, match="takes text"):
        engine.trace(engine.load_model("bundled:llama"), pixel_values=pixels())


def test_that_an_answer_holds_the_picture_as_the_model_saw_it() -> None:
    model = engine.load_model("torchvision:squeezenet1_1", weights="random")
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[:, 200:] = 255
    with engine.trace(model, image=picture) as trace:
        seen = trace.explain().seen
    assert seen.original == (400, 300)
    assert seen.pixels.shape == (224, 224, 3)
    assert seen.pixels[:, :100].max() < 10 and seen.pixels[:, -100:].min() > 245
