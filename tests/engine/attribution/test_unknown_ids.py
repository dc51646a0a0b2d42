"""Tokens that a tokenizer has and its model has no embedding for."""

from __future__ import annotations

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

import engine
from engine import targets
from engine.attribution.generating import generate
from engine.models.opening import Model
from engine.protocol.failures import PromptError, TargetError
from engine.protocol.inputs import ForDecoder
from tests.engine.models.conftest import tiny_llama
from tests.engine.models.made_tokenizers import FAMILIES


@pytest.fixture
def model() -> Model:
    tokenizer = FAMILIES["llama3"]()
    module = tiny_llama(len(tokenizer))
    tokenizer.add_tokens(["<|assistant|>"])
    return engine.load_model(module, tokenizer=tokenizer)


def test_that_such_a_token_in_a_prompt_is_named(model):
    with pytest.raises(PromptError, match=r"<\|assistant\|>"):
        engine.trace(model, "the <|assistant|>")


def test_that_such_a_token_in_a_chat_is_named(model):
    model.tokenizer.chat_template = "{{ messages[0].content }}<|assistant|>"
    with pytest.raises(PromptError, match=r"<\|assistant\|>"):
        engine.trace(model, messages=[{"role": "user", "content": "the"}])


def test_that_such_a_token_is_not_generated_from(model):
    with pytest.raises(PromptError, match=r"<\|assistant\|>"):
        generate(model, "the <|assistant|>", 2)


def test_that_such_a_token_is_no_target(model):
    with pytest.raises(TargetError, match=r"<\|assistant\|>"):
        engine.trace(model, "the").explain(targets.Token("<|assistant|>"))


def test_that_such_a_token_in_a_decoders_text_is_named():
    tokenizer = FAMILIES["unigram"]()
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2, decoder_start_token_id=0
    )
    module = T5ForConditionalGeneration(config).eval()
    tokenizer.add_tokens(["<|assistant|>"])
    opened = engine.load_model(module, tokenizer=tokenizer)
    with pytest.raises(PromptError, match=r"<\|assistant\|>"):
        engine.trace(opened, ForDecoder("the team", "the <|assistant|>"))
