"""Image classifiers of transformers, from a folder with their own image processor to relevance of pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers

import engine
from engine import targets
from tests.engine.attribution.kinds import IMAGES, made

SQUARE = {"height": 32, "width": 32}
PROCESSORS: dict[str, tuple[str, dict[str, Any]]] = {
    "ViTForImageClassification": ("ViTImageProcessor", {"size": SQUARE}),
    "DeiTForImageClassification": ("DeiTImageProcessor", {"size": {"height": 40, "width": 40}, "crop_size": SQUARE}),
    "BeitForImageClassification": ("BeitImageProcessor", {"size": SQUARE, "do_center_crop": False}),
    "Dinov2ForImageClassification": ("BitImageProcessor", {"size": {"shortest_edge": 40}, "crop_size": SQUARE}),
    "Dinov2WithRegistersForImageClassification": (
        "BitImageProcessor",
        {"size": {"shortest_edge": 40}, "crop_size": SQUARE},
    ),
    "SwinForImageClassification": ("ViTImageProcessor", {"size": SQUARE}),
    "Swinv2ForImageClassification": ("ViTImageProcessor", {"size": SQUARE}),
    "ConvNextForImageClassification": ("ConvNextImageProcessor", {"size": {"shortest_edge": 32}, "crop_pct": 0.875}),
    "SiglipForImageClassification": ("SiglipImageProcessor", {"size": SQUARE}),
    "CLIPForImageClassification": ("CLIPImageProcessor", {"size": {"shortest_edge": 32}, "crop_size": SQUARE}),
}
PICTURE = np.random.default_rng(0).integers(0, 256, (48, 60, 3), np.uint8)
LABELS = {0: "a cat", 1: "a dog"}


@pytest.mark.parametrize("architecture", IMAGES)
def test_that_a_folder_gives_relevance_of_pixels_under_cp_lrp(architecture: str, tmp_path: Path) -> None:
    made(architecture, id2label=LABELS).save_pretrained(tmp_path)
    processor, sizes = PROCESSORS[architecture]
    getattr(transformers, processor)(**sizes).save_pretrained(tmp_path)

    model = engine.load_model(tmp_path, device="cpu")
    assert (model.info.labels, model.info.takes_images) == (("a cat", "a dog"), True)
    with engine.trace(model, image=PICTURE, rules="cp-lrp") as trace:
        answer = trace.explain(targets.Class("a dog"))
    assert answer.seen.pixels.shape == (32, 32, 3)
    assert answer.seen.original == (60, 48)
    assert answer.input.shape == (32, 32)
    assert answer.channels.shape == (3, 32, 32)
    assert np.abs(answer.input).max() > 0
    assert answer.ledger.closes
