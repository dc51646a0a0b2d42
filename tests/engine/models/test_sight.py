"""What a model sees of a picture is found from the outside: its scaling undone, and the box it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms._presets import ImageClassification
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

import engine
from engine.models.opening import Model, load_model
from engine.models.sight.seeing import see
from engine.protocol import values
from engine.protocol.failures import ImageError

PRESET = ImageClassification(crop_size=224, resize_size=256)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 8, 8), nn.Conv2d(4, 4, 1))
        self.head = nn.Linear(4, 2)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.body(pixels).mean((2, 3)))


def opened(preprocess: object) -> Model:
    return load_model(Net(), preprocess=preprocess, labels=["cat", "dog"])


def photograph(width: int, height: int) -> np.ndarray:
    """Smooth, so that a box can be told by what is in it."""
    y, x = np.mgrid[:height, :width]
    waves = [128 + 100 * np.sin(x / width * a + y / height * b) for a, b in ((7, 3), (2, 9), (5, -6))]
    return np.stack(waves, axis=-1).astype(np.uint8)


def centre(width: int, height: int, share: float) -> tuple[float, float, float, float]:
    side = min(width, height) * share
    return (width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2


@pytest.mark.parametrize(("width", "height"), [(640, 480), (300, 900), (512, 512), (97, 64), (4000, 3000)])
def test_that_the_box_is_what_resizing_and_cropping_leave(width: int, height: int) -> None:
    pixels = photograph(width, height)
    pixel_values, seen = see(opened(PRESET), pixels)
    assert torch.equal(pixel_values[0], PRESET(Image.fromarray(pixels)))
    assert seen.original == (width, height)
    expected = centre(width, height, 224 / 256)
    assert np.abs(np.subtract(seen.box, expected)).max() <= 0.01 * min(width, height)
    shown = Image.fromarray(pixels).resize((224, 224), Image.Resampling.BILINEAR, box=seen.box)
    assert np.abs(seen.pixels.astype(int) - np.asarray(shown)).mean() < 2


class Grey(Net):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 8, 8), nn.Conv2d(4, 4, 1))


def lightness(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).convert("L"))


@pytest.mark.parametrize(
    "steps",
    [
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])],
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3, inplace=True)],
        [v2.Grayscale(), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])],
        [v2.RGB(), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])],
    ],
)
def test_that_a_model_of_one_channel_sees_the_grey_of_a_picture(steps: list[Any]) -> None:
    pixels = photograph(120, 90)
    model = load_model(Grey(), preprocess=v2.Compose([v2.Resize(80), v2.CenterCrop(64), *steps]))
    pixel_values, seen = see(model, pixels)
    resized = Image.fromarray(lightness(pixels)).resize((106, 80), Image.Resampling.BILINEAR)
    expected = np.asarray(resized)[8:72, 21:85]
    assert pixel_values.shape == (1, 1, 64, 64)
    assert np.abs(seen.pixels[:, :, 0].astype(int) - expected).max() <= 1
    assert (seen.pixels == seen.pixels[:, :, :1]).all()
    assert np.abs(np.subtract(seen.box, centre(120, 90, 64 / 80))).max() <= 1.5
    found = engine.trace(model, image=pixels).explain()
    assert found.input.shape == (64, 64) and found.channels.shape == (1, 64, 64)
    assert engine.self_test(model).passed


def test_that_a_folder_of_one_channel_opens_with_its_preprocessing(tmp_path: Path) -> None:
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=8,
        num_channels=1,
    )  # fmt: skip
    ViTForImageClassification(config).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.5], image_std=[0.25]).save_pretrained(tmp_path)
    pixels = photograph(64, 64)
    pixel_values, _ = see(load_model(tmp_path), pixels)
    mean = (lightness(pixels).mean() / 255 - 0.5) / 0.25
    assert pixel_values.shape == (1, 1, 32, 32)
    assert float(pixel_values.mean()) == pytest.approx(mean, abs=0.02)


def test_that_colours_scaled_each_in_its_own_way_are_no_grey() -> None:
    scaled = v2.Compose(
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.1, 0.2, 0.3], [1] * 3)]
    )
    with pytest.raises(ImageError, match=r"gives \(3, 90, 120\), not a tensor \(1, height, width\)"):
        see(load_model(Grey(), preprocess=scaled), photograph(120, 90))
    with pytest.raises(ImageError, match=r"a tensor \(1, height, width\), or give pixel_values"):
        see(load_model(Grey()), photograph(120, 90))


@pytest.mark.parametrize("side", [48, 224, 384])
@pytest.mark.parametrize(("width", "height"), [(451, 300), (640, 480), (300, 900), (512, 512)])
def test_that_a_square_out_of_the_middle_is_square_and_reaches_the_edges(width: int, height: int, side: int) -> None:
    _, seen = see(opened(ImageClassification(crop_size=side, resize_size=side)), photograph(width, height))
    left, top, right, bottom = seen.box
    assert (right - left, bottom - top) == pytest.approx((min(width, height),) * 2, abs=1e-6)
    assert right - left == pytest.approx(bottom - top, abs=1e-6)
    assert min(left, top) == 0
    assert np.abs(np.subtract(seen.box, centre(width, height, 1))).max() <= 1.5


def test_that_a_picture_made_square_is_seen_whole_to_the_pixel() -> None:
    squash = opened(lambda image: PRESET(image.resize((256, 256))))
    whole = opened(lambda image: ImageClassification(crop_size=64, resize_size=64)(image.resize((64, 64))))
    assert see(whole, photograph(203, 200))[1].box == (0, 0, 203, 200)
    box = see(squash, photograph(200, 100))[1].box
    assert box[2] - box[0] == pytest.approx(175, abs=2)
    assert box[3] - box[1] == pytest.approx(87.5, abs=2)


def test_that_scaling_is_undone_exactly() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    preset = ImageClassification(crop_size=64, resize_size=64, mean=(0.1, 0.5, 0.9), std=(0.2, 1.0, 3.0))
    _, seen = see(opened(preset), pixels)
    assert np.array_equal(seen.pixels, pixels)
    assert np.abs(np.subtract(seen.box, (0, 0, 64, 64))).max() < 0.5


def test_that_a_processor_of_transformers_is_seen_through(tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    ViTForImageClassification(ViTConfig(**sizes, image_size=32, patch_size=8, num_labels=3)).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    model = load_model(tmp_path)
    assert model.info.takes_images
    pixel_values, seen = see(model, photograph(200, 100))
    assert pixel_values.shape == (1, 3, 32, 32)
    assert np.abs(np.subtract(seen.box, (0, 0, 200, 100))).max() < 2
    shown = Image.fromarray(photograph(200, 100)).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.abs(seen.pixels.astype(int) - np.asarray(shown)).mean() < 2


def test_that_a_picture_laid_on_its_side_has_no_box() -> None:
    small = ImageClassification(crop_size=32, resize_size=32)
    turned = opened(lambda image: small(image.transpose(Image.Transpose.ROTATE_90)))
    assert see(turned, photograph(64, 64))[1].box is None


@pytest.mark.parametrize("form", ["path", "text", "image", "message"])
def test_that_every_form_of_a_picture_is_the_same(tmp_path: Path, form: str) -> None:
    path = tmp_path / "cat.png"
    Image.fromarray(photograph(80, 60)).save(path)
    forms = {
        "path": path,
        "text": str(path),
        "image": Image.open(path),
        "message": values.Image("cat.png", "digest", path.read_bytes()),
    }
    pixel_values, seen = see(opened(PRESET), forms[form])
    assert seen.name == "cat.png"
    assert torch.equal(pixel_values, see(opened(PRESET), photograph(80, 60))[0])


def test_that_a_single_pixel_is_a_picture() -> None:
    _, seen = see(opened(ImageClassification(crop_size=8, resize_size=8)), np.full((1, 1, 3), 77, np.uint8))
    assert (seen.original, seen.pixels.shape) == ((1, 1), (8, 8, 3))
    assert (seen.pixels == 77).all()


@pytest.mark.parametrize(
    ("preprocess", "said"),
    [
        (None, "`preprocess=`"),
        (lambda image: torch.zeros(3, 8, 8), "black and white the same"),
        (lambda image: torch.zeros(1, 8, 8), "not a tensor"),
        (lambda image: torch.full((3, 8, 8), torch.nan), "not numbers"),
        (lambda image: image.no_such_thing, "cannot take|no_such_thing"),
    ],
)
def test_that_a_model_that_cannot_be_shown_pictures_says_why(preprocess: object, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        see(opened(preprocess), photograph(20, 20))


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8), 3]
)
def test_that_what_is_no_picture_is_refused(wrong: object) -> None:
    with pytest.raises(ImageError, match=r"A picture is|An array is a picture"):
        see(opened(PRESET), wrong)


def test_that_interpolation_does_not_move_the_box() -> None:
    for interpolation in (InterpolationMode.NEAREST, InterpolationMode.BICUBIC):
        preset = ImageClassification(crop_size=56, resize_size=64, interpolation=interpolation)
        box = see(opened(preset), photograph(300, 200))[1].box
        assert np.abs(np.subtract(box, centre(300, 200, 56 / 64))).max() < 3


def test_that_the_original_is_kept_as_large_as_a_screen() -> None:
    small, large = photograph(97, 64), photograph(4000, 3000)
    np.testing.assert_array_equal(see(opened(PRESET), small)[1].whole, small)
    whole = see(opened(PRESET), large)[1].whole
    assert whole is not None and whole.shape == (960, 1280, 3)
    resized = Image.fromarray(large).resize((1280, 960), Image.Resampling.BOX)
    assert np.abs(whole.astype(int) - np.asarray(resized)).mean() < 2


def test_that_there_is_no_original_where_the_box_is_not_known() -> None:
    turned = lambda image: PRESET(image.rotate(90, expand=True))  # noqa: E731
    seen = see(opened(turned), photograph(97, 64))[1]
    assert seen.box is seen.whole is None
