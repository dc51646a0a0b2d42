"""Image classifiers of torchvision: by name, from a file of weights, from a folder, or as a module in memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models import VisionTransformer

import engine
from engine import targets
from engine.models import timm_models
from engine.models.blocks import find_blocks
from engine.models.listing import list_models
from engine.models.opening import load_model
from engine.models.sight.seeing import see
from engine.models.storage import sources
from engine.protocol.failures import EngineError, ModelError, PromptError
from engine.protocol.values import ModelSource

# One of each family, the side of a picture it can take, and how many blocks it has
FAMILIES = {
    "alexnet": (80, 5),
    "convnext_tiny": (64, 8),
    "densenet121": (64, 8),
    "efficientnet_b0": (64, 9),
    "efficientnet_v2_s": (64, 8),
    "googlenet": (64, 12),
    "inception_v3": (80, 16),
    "maxvit_t": (224, 6),
    "mnasnet0_5": (64, 10),
    "mobilenet_v2": (64, 19),
    "mobilenet_v3_small": (64, 13),
    "regnet_x_400mf": (64, 4),
    "resnet18": (64, 8),
    "resnext50_32x4d": (64, 16),
    "shufflenet_v2_x1_0": (64, 16),
    "squeezenet1_1": (64, 9),
    "swin_t": (64, 8),
    "swin_v2_t": (64, 8),
    "vgg11_bn": (64, 8),
    "vit_b_32": (224, 12),
}

PREPROCESSING = {"resize": 32, "crop": 32, "mean": [0.5] * 3, "std": [0.25] * 3, "interpolation": "bilinear"}
ARGUMENTS = {
    "image_size": 32,
    "patch_size": 8,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 16,
    "mlp_dim": 32,
    "num_classes": 3,
}
LABELS = ("zero", "one", "two")


@pytest.fixture
def vit_folder(tmp_path: Path) -> Path:
    """A tiny Vision Transformer in the format of the bundled one."""
    folder = tmp_path / "models" / "vit"
    folder.mkdir(parents=True)
    settings = {
        "library": "torchvision",
        "architecture": "VisionTransformer",
        "arguments": ARGUMENTS,
        "labels": LABELS,
        "preprocessing": PREPROCESSING,
    }
    (folder / "config.json").write_text(json.dumps(settings))
    torch.manual_seed(0)
    module = VisionTransformer(**ARGUMENTS)
    nn.init.normal_(module.heads.head.weight)  # torchvision begins with zeros there
    save_file(module.state_dict(), folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("name", FAMILIES)
def test_that_every_family_is_opened_and_explained(name: str) -> None:
    side, blocks = FAMILIES[name]
    model = load_model(f"torchvision:{name}", device="cpu", weights="random")
    info = model.info
    assert (info.predicts, info.takes_images, info.vocabulary, info.blocks) == ("classes", True, 1000, blocks)
    assert not any(part.training for part in model.module.modules())
    torch.manual_seed(0)
    answer = engine.trace(model, pixel_values=torch.randn(1, 3, side, side)).explain()
    assert answer.input.shape == (side, side)
    assert np.isfinite(answer.input).all()
    assert np.isfinite(answer.layers[0]).any()
    assert len(answer.layers) == blocks + 1
    assert answer.ledger is not None
    assert answer.ledger.closes


def test_that_every_classifier_of_torchvision_has_blocks() -> None:
    with torch.device("meta"):
        # A RegNet computes its widths with tensors, which on this device have no values.
        for name in torchvision.models.list_models(module=torchvision.models, exclude="regnet*"):
            arguments = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
            assert 4 <= len(find_blocks(torchvision.models.get_model(name, **arguments))) <= 64, name


def test_that_random_weights_are_the_same_every_time_and_disturb_no_other_draw() -> None:
    torch.manual_seed(5)
    first = load_model("torchvision:squeezenet1_1", weights="random").module.state_dict()
    drawn = torch.rand(1)
    second = load_model("torchvision:squeezenet1_1", weights="random").module.state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), drawn)


def test_that_the_title_of_a_model_with_random_weights_says_so() -> None:
    assert load_model("torchvision:squeezenet1_1", weights="random").info.title == "squeezenet1_1 (random weights)"


@pytest.mark.parametrize("form", ["pth", "safetensors", "parallel", "training"])
def test_that_a_file_of_weights_tells_its_number_of_classes(tmp_path: Path, form: str) -> None:
    torch.manual_seed(1)
    weights = torchvision.models.squeezenet1_1(num_classes=7).state_dict()
    path = tmp_path / ("net.safetensors" if form == "safetensors" else "net.pth")
    if form == "safetensors":
        save_file(weights, path)
    else:
        stored = {f"module.{key}": value for key, value in weights.items()} if form == "parallel" else weights
        torch.save({"model": stored, "epoch": 3} if form == "training" else stored, path)
    model = load_model("torchvision:squeezenet1_1", weights=path, labels=[f"kind {i}" for i in range(7)])
    assert model.info.vocabulary == 7
    assert model.info.labels[6] == "kind 6"
    assert all(torch.equal(value, weights[key]) for key, value in model.module.state_dict().items())
    assert load_model(ModelSource("torchvision:squeezenet1_1", weights=str(path))).info.labels == ()


def test_that_published_weights_come_with_their_labels_and_transforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    published = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    file = tmp_path / "checkpoints" / published.url.rpartition("/")[2]
    file.parent.mkdir()
    torch.save(torchvision.models.squeezenet1_1().state_dict(), file)  # as if it had been downloaded before
    for weights in ("IMAGENET1K_V1", "DEFAULT", None):
        model = load_model("torchvision:squeezenet1_1", weights=weights)
        assert model.info.labels == tuple(published.meta["categories"])
    assert see(model, np.zeros((300, 400, 3), np.uint8))[0].shape == (1, 3, 224, 224)
    answer = engine.trace(model, pixel_values=torch.zeros(1, 3, 64, 64)).explain(targets.Class("tabby"))
    assert answer.target.label == "“tabby”"


@pytest.fixture(scope="module")
def files_of_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of such files, in most of which something is wrong."""
    folder = tmp_path_factory.mktemp("weights")
    own = torchvision.models.squeezenet1_1(num_classes=2).state_dict()
    torch.save(own, folder / "other.pth")
    torch.save({key: value for key, value in own.items() if key != "features.0.bias"}, folder / "half.pth")
    torch.save({**own, "other": torch.zeros(1)}, folder / "more.pth")
    alexnet = torchvision.models.alexnet(num_classes=2).state_dict()
    torch.save({**alexnet, "features.0.weight": torch.zeros(1, 3, 11, 11)}, folder / "narrow.pth")
    torch.save([1, 2], folder / "list.pth")
    (folder / "broken.pth").write_bytes(b"nothing")
    (folder / "broken.safetensors").write_bytes(b"nothing")
    return folder


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        ("torchvision:resnet19", None, "Nearest are torchvision:resnet18"),
        ("torchvision:", None, "torchvision has no classifier"),
        ("torchvision:resnet18", "IMAGENET1K_V9", "IMAGENET1K_V1"),
        ("torchvision:resnet18", "other.pth", "has no fc.weight"),
        ("torchvision:squeezenet1_1", "half.pth", "lacks 1 of the weights of a SqueezeNet"),
        ("torchvision:alexnet", "narrow.pth", r"its features.0.weight is \(1, 3, 11, 11\), not \(64, 3, 11, 11\)"),
        ("torchvision:squeezenet1_1", "more.pth", "has weights that a SqueezeNet has not: other"),
        ("torchvision:squeezenet1_0", "other.pth", "lacks 12 of the weights of a SqueezeNet"),
        ("torchvision:squeezenet1_1", "broken.pth", "does not begin as a file of weights"),
        ("torchvision:squeezenet1_1", "broken.safetensors", "damaged"),
        ("torchvision:squeezenet1_1", "list.pth", "holds no state_dict"),
        ("bundled:llama", "other.pth", "has weights of its own"),
    ],
)
def test_that_what_cannot_be_opened_is_named(
    files_of_weights: Path, monkeypatch: pytest.MonkeyPatch, name: str, weights: str | None, said: str
) -> None:
    monkeypatch.chdir(files_of_weights)
    with pytest.raises(ModelError, match=said):
        load_model(name, weights=weights)


def test_that_a_torchvision_model_is_not_quantized() -> None:
    with pytest.raises(EngineError, match="without quantization"):
        load_model("torchvision:squeezenet1_1", quantization="4bit", weights="random")


def test_that_a_folder_says_how_its_model_is_made(vit_folder: Path) -> None:
    model = load_model(vit_folder)
    assert model.info.labels == LABELS
    assert (model.info.predicts, model.info.takes_images, model.info.blocks) == ("classes", True, 2)
    pixel_values, seen = see(model, np.full((64, 48, 3), 255, np.uint8))
    assert torch.allclose(pixel_values, torch.full((1, 3, 32, 32), 2.0))
    assert np.abs(np.subtract(seen.box, (0, 8, 48, 56))).max() < 1
    answer = engine.trace(model, pixel_values=pixel_values).explain(targets.Class("two"))
    assert answer.target.label == "“two”"


def test_that_a_bundled_folder_is_listed_and_opened(vit_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_bundled_root", lambda: vit_folder.parent)
    listed = next(model for model in list_models() if model.name == "bundled:vit")
    assert (listed.kind, listed.title) == ("bundled", "vit (bundled)")
    assert listed.bytes == (vit_folder / "model.safetensors").stat().st_size
    assert load_model("bundled:vit").info.labels == LABELS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "os"}, "which torchvision does not have"),
        ({"architecture": "resnet18"}, "which torchvision does not have"),
        ({"arguments": {"patch_size": 8}}, "cannot be read"),
        ({"arguments": {**ARGUMENTS, "num_layers": 3}}, "lacks 12 of the weights"),
        ({"preprocessing": {}}, "“preprocessing” is wrong: .* resize"),
        ({"labels": True}, "“labels” is wrong"),
        ({"preprocessing": {**PREPROCESSING, "crop": 2**31 - 1}}, "“preprocessing.crop” is wrong"),
    ],
)
def test_that_a_folder_with_wrong_settings_is_named(vit_folder: Path, change: dict[str, object], said: str) -> None:
    file = vit_folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(ModelError, match=said):
        load_model(vit_folder)


def test_that_a_module_in_memory_has_the_labels_it_is_given() -> None:
    model = load_model(torchvision.models.squeezenet1_1(num_classes=2), labels=["cat", "dog"])
    assert (model.info.labels, model.info.predicts, model.info.takes_images) == (("cat", "dog"), "classes", True)
    with pytest.raises(PromptError, match="takes an image, not text"):
        engine.trace(model, input_ids=[1, 2])


def test_that_timm_is_asked_for_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm_models, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install timm"):
        load_model("timm:resnet18")


def test_that_timm_models_need_weights() -> None:
    pytest.importorskip("timm")
    with pytest.raises(ModelError, match="needs weights"):
        load_model("timm:resnet18")
    assert load_model("timm:resnet18", weights="random").info.title == "resnet18 (random weights)"


def test_that_timm_models_are_opened_and_explained(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(1)
    weights = timm.create_model("vit_tiny_patch16_224", num_classes=4).state_dict()
    torch.save(weights, tmp_path / "vit.pth")
    model = load_model("timm:vit_tiny_patch16_224", weights=tmp_path / "vit.pth", labels=["a", "b", "c", "d"])
    assert (model.info.vocabulary, model.info.blocks, model.info.takes_images) == (4, 12, True)
    pixel_values, seen = see(model, np.full((300, 300, 3), 99, np.uint8))
    assert (seen.pixels == 99).all()
    answer = engine.trace(model, pixel_values=pixel_values).explain(targets.Class("b"))
    assert np.isfinite(answer.input).all()
    for name, said in (("resnet19x", "timm has no model"), ("resnet18", "neither a file")):
        with pytest.raises(ModelError, match=said):
            load_model(f"timm:{name}", weights="nowhere.pth")
