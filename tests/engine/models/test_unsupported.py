from __future__ import annotations

import pytest
from transformers import (
    BertConfig,
    BertForNextSentencePrediction,
    GPT2Config,
    GPT2LMHeadModel,
    T5Config,
    T5EncoderModel,
)

from engine.models.opening import load_model
from tests.engine.models.attempts import edit, failure


def test_that_a_folder_without_a_model_says_so(tmp_path):
    error = failure(tmp_path)
    assert (error.kind, "config.json" in str(error)) == ("model_unsupported", True)


def test_that_a_folder_of_gguf_files_names_them(tmp_path):
    (tmp_path / "some.Q4.gguf").write_bytes(b"GGUF")
    assert "some.Q4.gguf" in str(failure(tmp_path))


def test_that_an_adapter_names_its_base(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "owner/base"}')
    assert "owner/base" in str(failure(tmp_path))


@pytest.mark.parametrize(
    "other",
    [
        lambda: BertForNextSentencePrediction(
            BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
        ),
        lambda: T5EncoderModel(T5Config(vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)),
    ],
)
def test_that_a_model_of_another_kind_is_named(tmp_path, other):
    module = other()
    module.save_pretrained(tmp_path)
    error = failure(tmp_path)
    assert error.kind == "model_unsupported"
    assert type(module).__name__ in str(error)


def test_that_a_model_without_its_head_is_refused(tmp_path):
    GPT2LMHeadModel(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1)).transformer.save_pretrained(tmp_path)
    assert "GPT2Model" in str(failure(tmp_path))


def test_that_a_model_type_nobody_knows_is_named(folder):
    edit(folder / "config.json", model_type="quux", architectures=["QuuxForCausalLM"])
    error = failure(folder)
    assert (error.kind, "QuuxForCausalLM" in str(error)) == ("model_unsupported", True)


def test_that_a_model_with_code_of_its_own_is_not_run_unless_asked(folder):
    (folder / "modeling_quux.py").write_text(
        "from transformers import LlamaConfig, LlamaForCausalLM\n"
        "class QuuxConfig(LlamaConfig):\n    model_type = 'quux'\n"
        "class QuuxForCausalLM(LlamaForCausalLM):\n    config_class = QuuxConfig\n"
    )
    edit(
        folder / "config.json",
        model_type="quux",
        architectures=["QuuxForCausalLM"],
        auto_map={"AutoConfig": "modeling_quux.QuuxConfig", "AutoModelForCausalLM": "modeling_quux.QuuxForCausalLM"},
    )
    error = failure(folder)
    assert (error.kind, "trust remote code" in str(error)) == ("needs_remote_code", True)
    assert load_model(folder, trust_remote_code=True).info.architecture == "QuuxForCausalLM"
