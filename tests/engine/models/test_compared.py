"""A model that compares pictures with texts is a classifier whose classes are the texts it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, SiglipConfig, SiglipModel

import engine
from engine import targets
from engine.models.opening import load_model
from engine.models.sight.seeing import see
from engine.protocol.failures import ModelError
from tests.engine.models.made_tokenizers import make

CLASSES = ("the top", "a hat", "the")
SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture(params=["clip", "siglip"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    tokenizer = make("bert")
    tokenizer.model_input_names = ["input_ids"]
    last = len(tokenizer) - 1
    texts = {**SMALL, "vocab_size": len(tokenizer), "max_position_embeddings": 16, "eos_token_id": last}
    pictures = {**SMALL, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    if request.param == "clip":
        clip = CLIPConfig(text_config={**texts, "projection_dim": 8}, vision_config=pictures, projection_dim=8)
        CLIPModel(clip).save_pretrained(tmp_path)
    else:
        siglip = SiglipModel(SiglipConfig(text_config={**texts, "projection_size": 16}, vision_config=pictures))
        siglip.logit_scale.data.fill_(2.0)
        siglip.logit_bias.data.fill_(-3.0)
        siglip.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    return tmp_path


def test_that_texts_are_classes_with_the_models_own_logits(folder: Path) -> None:
    tokenizer = make("bert")
    model = load_model(folder, classes=CLASSES, tokenizer=tokenizer, device="cpu")
    info = model.info
    assert (info.labels, info.predicts, info.takes_images, info.vocabulary) == (CLASSES, "classes", True, 3)
    assert (info.blocks, info.source.classes) == (2, CLASSES)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    pixel_values, seen = see(model, pixels)
    assert seen.pixels.shape == (32, 32, 3)
    trace = engine.trace(model, pixel_values=pixel_values)

    whole = (CLIPModel if folder_type(folder) == "clip" else SiglipModel).from_pretrained(folder).eval()
    padding = True if folder_type(folder) == "clip" else "max_length"
    ids = tokenizer(list(CLASSES), padding=padding, max_length=16, return_tensors="pt")
    ids = {name: ids[name] for name in tokenizer.model_input_names if name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        expected = whole(pixel_values=pixel_values, **ids).logits_per_image[0]
    assert np.allclose(trace.logits(), expected, atol=1e-4)

    answer = trace.explain(targets.Class("a hat"))
    assert answer.target.label == "“a hat”"
    assert np.isfinite(answer.input).all()
    assert np.abs(answer.input).sum() > 0
    assert answer.ledger is not None
    assert answer.ledger.closes


def folder_type(folder: Path) -> str:
    return "clip" if '"model_type": "clip",' in (folder / "config.json").read_text() else "siglip"


def test_that_texts_are_asked_for_where_they_lack_and_refused_where_they_do_not_belong(folder: Path) -> None:
    with pytest.raises(ModelError, match="compares pictures with texts: give the texts"):
        load_model(folder)
    with pytest.raises(ModelError, match="none of which may be empty"):
        load_model(folder, classes=["a cat", " "])
    for name, weights in (("torchvision:squeezenet1_1", "random"), ("bundled:bert", None)):
        with pytest.raises(ModelError, match="does not compare pictures with texts"):
            load_model(name, classes=["a cat"], weights=weights)
