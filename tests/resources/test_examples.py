"""The example prompts, and that the bundled models answer those said to be theirs."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from engine.attribution.trace import trace
from engine.models.opening import Model
from tests.resources.evidence import most_relevant

EXAMPLES = json.loads((files("resources") / "examples" / "prompts.json").read_text(encoding="utf-8"))


def test_that_examples_differ_and_are_of_six_tasks_or_more() -> None:
    assert len({example["title"] for example in EXAMPLES}) == len(EXAMPLES)
    assert len({example["task"] for example in EXAMPLES}) >= 6


def test_that_the_first_example_is_one_for_the_model_of_the_first_start() -> None:
    assert "bundled:llama" in EXAMPLES[0]["models"]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if "models" in e], ids=lambda e: e["title"])
def test_that_a_bundled_model_answers_its_examples(bundled: Model, example: dict[str, str]) -> None:
    with trace(bundled, example["prompt"]) as recorded:
        best = recorded.predictions(k=1)[0]
        relevance = recorded.explain()
    start, end = most_relevant(relevance, example["prompt"].index("\nQuestion"))

    assert best.text == example["answer"]
    assert example["prompt"][start - 2 : end] == "8," + example["answer"]
