"""Folders as the hub's timm models have them open with their preprocessing and labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import engine
from engine.models.architecture import can_be_explained
from engine.models.opening import load_model
from engine.models.sight.seeing import see
from engine.protocol.failures import ModelError

timm = pytest.importorskip("timm")

OWN = {
    "tag": "x",
    "input_size": [3, 64, 64],
    "mean": [0.1, 0.2, 0.3],
    "std": [0.5, 0.25, 0.125],
    "interpolation": "bicubic",
    "crop_pct": 0.5,
    "num_classes": 5,
    "pool_size": [2, 2],
    "first_conv": "conv1",
    "classifier": "fc",
    "a key of a later release": 1,
}
SETTINGS: dict[str, Any] = {
    "architecture": "resnet18", "num_classes": 5, "num_features": 512, "label_names": list("abcde"),
    "pretrained_cfg": OWN,
}  # fmt: skip
WHITE = np.full((90, 120, 3), 255, np.uint8)


def saved(folder: Path, settings: dict[str, Any], prefix: str = "", **arguments: Any) -> nn.Module:
    torch.manual_seed(3)
    module: nn.Module = timm.create_model("resnet18", num_classes=5, **arguments).eval()
    save_file({prefix + name: value for name, value in module.state_dict().items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(settings))
    return module


def test_that_a_folder_of_timm_opens_as_it_was_made(tmp_path: Path) -> None:
    module = saved(tmp_path, SETTINGS)
    assert can_be_explained(SETTINGS)
    model = load_model(tmp_path)
    assert (model.info.predicts, model.info.labels, model.info.architecture) == ("classes", tuple("abcde"), "ResNet")
    pixel_values, seen = see(model, WHITE)
    assert pixel_values.shape == (1, 3, 64, 64)
    assert pixel_values[0, :, 0, 0].tolist() == pytest.approx([1.8, 3.2, 5.6])
    assert seen.box == pytest.approx((37.5, 22.5, 82.5, 67.5), abs=1.5)  # half of the shorter side
    with engine.trace(model, image=WHITE) as trace:
        with torch.no_grad():
            expected = module(pixel_values)[0].numpy()
        np.testing.assert_allclose(trace.logits(), expected, rtol=1e-5)
        assert trace.explain(engine.targets.Class("b")).input.shape == (64, 64)


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({"label_names": list("abcde"), "label_descriptions": {"a": "apple", "b": "bear"}}, ("apple", "bear", *"cde")),
        ({"label_names": list("abcd")}, ()),
        ({"label_names": None}, ()),
        ({"label_names": None, "pretrained_cfg": {**OWN, "label_names": list("vwxyz")}}, tuple("vwxyz")),
        ({"label_names": None, "pretrained_cfg": {**OWN, "tag": "a1_in1k"}}, ()),  # which has not five
    ],
)
def test_that_labels_are_those_that_are_known(tmp_path: Path, changes: dict[str, Any], labels: tuple[str, ...]) -> None:
    saved(tmp_path, SETTINGS | changes)
    assert load_model(tmp_path).info.labels == labels


def test_that_weights_tagged_so_have_the_labels_of_imagenet(tmp_path: Path) -> None:
    own = {**OWN, "tag": "a1_in1k", "num_classes": 1000}
    settings = {"architecture": "mobilenetv3_small_050", "num_classes": 1000, "pretrained_cfg": own}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    save_file(timm.create_model("mobilenetv3_small_050").state_dict(), tmp_path / "model.safetensors")
    assert load_model(tmp_path).info.labels[0].startswith("tench")
    (tmp_path / "config.json").write_text(json.dumps(settings | {"pretrained_cfg": own | {"tag": "mine"}}))
    assert load_model(tmp_path).info.labels == ()


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        ({**OWN, "architecture": "resnet18", "labels": list("abcde")}, ""),  # of older releases
        ({**SETTINGS, "model_type": "timm_wrapper"}, "timm_model."),  # as transformers saves them
    ],
)
def test_that_other_forms_of_such_folders_open_too(tmp_path: Path, settings: dict[str, Any], prefix: str) -> None:
    saved(tmp_path, settings, prefix)
    model = load_model(tmp_path)
    assert model.info.labels == tuple("abcde")
    assert see(model, WHITE)[0].shape == (1, 3, 64, 64)


def test_that_one_of_one_channel_is_shown_grey(tmp_path: Path) -> None:
    own = {**OWN, "input_size": [1, 64, 64], "mean": [0.5], "std": [0.5]}
    saved(tmp_path, SETTINGS | {"pretrained_cfg": own}, in_chans=1)
    assert see(load_model(tmp_path), Image.fromarray(WHITE))[0].shape == (1, 1, 64, 64)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (SETTINGS | {"architecture": "resnet19x"}, "timm has no model “resnet19x”"),
        (SETTINGS | {"num_classes": 0}, "is a resnet18 without a head"),
        (SETTINGS | {"num_classes": 7, "label_names": None}, r"is not of this ResNet: its fc\.\w+ is \(5,"),
        (SETTINGS | {"num_classes": "five"}, "The settings of “.*” cannot be read"),
        (SETTINGS | {"pretrained_cfg": None}, "The settings of “.*” cannot be read"),
        (SETTINGS | {"model_args": {"depths": 3}}, "timm's resnet18 cannot be read"),
    ],
)
def test_that_settings_which_do_not_fit_are_named(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    saved(tmp_path, settings)
    with pytest.raises(ModelError, match=f"(?i){said}"):
        load_model(tmp_path)
