"""The bundled models know their task, and AttnLRP finds what they read."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch

from engine.models.opening import Model
from resources.models.recall import Recall, recalls
from tests.resources.evidence import evidence_found

MODELS = Path(__file__).parents[2] / "resources" / "models"
PROMPTS = list(islice(recalls(seed=7), 200))


@pytest.mark.parametrize("name", ["llama", "gpt2", "bert", "vit"])
def test_that_the_weights_fit_into_five_megabytes(name: str) -> None:
    assert (MODELS / name / "model.safetensors").stat().st_size <= 5_000_000


def test_that_digits_and_years_are_single_tokens(bundled: Model) -> None:
    ids = bundled.tokenizer("In 1922 reached 8,320 m", add_special_tokens=False).input_ids

    assert [bundled.tokenizer.decode(id_) for id_ in ids] == ["In", " 1922", " reached", " 8", ",", "3", "2", "0", " m"]


def test_that_any_text_has_tokens_and_comes_back(bundled: Model) -> None:
    text = "naïve 日本語 مرحبا שלום 👩‍👩‍👧‍👦 🇪🇺 \t\x00 ½ 𝔘"
    ids = bundled.tokenizer(text, add_special_tokens=False).input_ids

    assert bundled.tokenizer.decode(ids) == text


@pytest.mark.evidence
def test_that_held_out_prompts_are_answered(bundled: Model) -> None:
    assert sum(answers(bundled, recall) for recall in PROMPTS) / len(PROMPTS) >= 0.95


@torch.no_grad()
def answers(model: Model, recall: Recall) -> bool:
    """Whether the greedy continuation of the prompt begins with the whole answer."""
    ids = model.tokenizer(recall.prompt, return_tensors="pt").input_ids
    length = len(model.tokenizer(recall.answer, add_special_tokens=False).input_ids)
    for _ in range(length):
        best = model.module(input_ids=ids).logits[:, -1:].argmax(-1)
        ids = torch.cat((ids, best), dim=1)
    return model.tokenizer.decode(ids[0, -length:]) == recall.answer


@pytest.mark.evidence
def test_that_attnlrp_finds_the_evidence_far_more_often_than_input_x_gradient(bundled: Model) -> None:
    attnlrp = evidence_found(bundled, "attnlrp", PROMPTS)
    baseline = evidence_found(bundled, "input-x-gradient", PROMPTS)

    assert attnlrp.logit >= baseline.logit + 0.2
