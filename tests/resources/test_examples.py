"""The example prompts and images, and that the bundled models know those said to be theirs."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from PIL import Image

from engine.attribution.tracing import trace
from engine.models.opening import Model, load_model
from inspector.state.question import BUNDLED_MODELS
from tests.resources.evidence import most_relevant

FOLDER = Path(__file__).parents[2] / "resources" / "examples"
EXAMPLES = json.loads((FOLDER / "prompts.json").read_text(encoding="utf-8"))
IMAGES = json.loads((FOLDER / "images.json").read_text(encoding="utf-8"))


def test_that_examples_differ_and_are_of_six_tasks_or_more() -> None:
    assert len({example["title"] for example in EXAMPLES}) == len(EXAMPLES)
    assert len({example["task"] for example in EXAMPLES}) >= 6


def test_that_the_first_example_is_one_for_the_model_of_the_first_start() -> None:
    assert "bundled:llama" in EXAMPLES[0]["models"]


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if "bundled:llama" in e.get("models", ())], ids=lambda e: e["title"]
)
def test_that_a_bundled_model_answers_its_examples(bundled: Model, example: dict[str, str]) -> None:
    with trace(bundled, example["prompt"]) as recorded:
        best = recorded.predictions(k=1)[0]
        relevance = recorded.explain()
    start, end = most_relevant(relevance, example["prompt"].index("\nQuestion"))

    assert best.text == example["answer"]
    assert example["prompt"][start - 2 : end] == "8," + example["answer"]


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if "bundled:bert" in e.get("models", ())], ids=lambda e: e["title"]
)
def test_that_the_bundled_classifier_puts_its_examples_in_the_right_class(example: dict[str, str]) -> None:
    with trace(load_model("bundled:bert", device="cpu"), example["prompt"]) as recorded:
        assert recorded.predictions(k=1)[0].text == example["answer"]


def test_that_every_bundled_model_has_examples_of_its_own() -> None:
    own = {model for example in EXAMPLES for model in example.get("models", ())} | {image["model"] for image in IMAGES}
    assert own - {None} == {source.name for source in BUNDLED_MODELS}


def test_that_example_images_are_those_of_the_list_and_small() -> None:
    listed = {FOLDER / image["file"] for image in IMAGES}
    assert listed == set((FOLDER / "images").iterdir())
    assert sum(path.stat().st_size for path in listed) <= 600_000
    for path in listed:
        with Image.open(path) as opened:
            assert max(opened.size) <= 640


def test_that_every_example_image_has_a_licence_that_is_written_down() -> None:
    known = (FOLDER / "LICENCES.md").read_text(encoding="utf-8")
    for image in IMAGES:
        name = Path(image["file"]).name
        (row,) = (line for line in known.splitlines() if fnmatch(name, line.split("`")[1] if "`" in line else ""))
        assert image["licence"] in row


def test_that_the_bundled_classifier_finds_the_digits_of_its_examples() -> None:
    model = load_model("bundled:vit", device="cpu")
    theirs = [image for image in IMAGES if image["model"] == "bundled:vit"]
    assert len(theirs) == 6
    for image in theirs:
        with trace(model, image=FOLDER / image["file"]) as recorded:
            found = {prediction.text for prediction in recorded.predictions(k=2)}
        assert set(re.findall(r"\d", image["title"])) == found
