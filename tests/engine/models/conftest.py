from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from engine.models.opening import Model, load_model
from tests.engine.models.made_tokenizers import make


def tiny_llama(vocabulary: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=128,
        )
    )


def model_with(tokenizer: PreTrainedTokenizerBase) -> Model:
    return load_model(tiny_llama(len(tokenizer) + 3), tokenizer=tokenizer)


@pytest.fixture(scope="session")
def model_of() -> Callable[[str], Model]:
    """A tiny model with the tokenizer of a family."""
    models: dict[str, Model] = {}

    def model(family: str) -> Model:
        if family not in models:
            models[family] = model_with(make(family))
        return models[family]

    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a tiny model and its tokenizer, to be damaged at will."""
    path = tmp_path / "tiny"
    tokenizer = make("llama3")
    tiny_llama(len(tokenizer)).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path
