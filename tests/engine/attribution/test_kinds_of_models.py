"""Models as people have them: with adapters, tied weights, weights elsewhere, and attention of other makers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

import engine
from engine.protocol.failures import ModelError
from tests.engine.attribution.families import IDS, tiny


class Adapted(nn.Module):
    """A map with a learned correction of low rank beside it, as LoRA layers are made."""

    def __init__(self, base_layer: nn.Linear | nn.Embedding, width: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.base_layer = base_layer
        inner = 4
        is_embedding = isinstance(base_layer, nn.Embedding)
        self.down = nn.Embedding(width, inner) if is_embedding else nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(inner, base_layer.weight.shape[1 if is_embedding else 0], bias=False)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.base_layer(x)
        return found + self.up(self.down(x if not x.is_floating_point() else self.dropout(x))) * 2.0


class Wrapper(nn.Module):
    """What PEFT puts around a model, as far as we meet it."""

    def __init__(self, model: nn.Module, is_prompt_learning: bool = False) -> None:
        super().__init__()
        self.inside = model
        self.peft_config = {"default": SimpleNamespace(is_prompt_learning=is_prompt_learning, peft_type="LORA")}

    def get_base_model(self) -> nn.Module:
        return self.inside

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.inside(*args, **kwargs)


def adapted() -> nn.Module:
    model: Any = tiny("llama")
    for layer in model.model.layers:
        layer.self_attn.q_proj = Adapted(layer.self_attn.q_proj, 32)
        layer.mlp.up_proj = Adapted(layer.mlp.up_proj, 32)
    model.set_input_embeddings(Adapted(model.get_input_embeddings(), 96))
    return model


def test_that_adapters_are_explained_with_the_model_they_sit_in() -> None:
    wrapped = Wrapper(adapted()).train()  # dropout on, as after training
    answer = engine.trace(wrapped, input_ids=IDS, rules="cp-lrp").explain()
    assert answer.model.architecture == "LlamaForCausalLM"
    with torch.no_grad():
        logits = wrapped.eval()(torch.tensor([IDS])).logits[0, -1]
    assert answer.value == pytest.approx(logits.max().item(), rel=1e-6)
    assert answer.input.sum() == pytest.approx(answer.value, rel=1e-4)  # the embedding's correction included
    plain = engine.trace(tiny("llama"), input_ids=IDS, rules="cp-lrp").explain()
    assert not np.allclose(answer.input, plain.input)


def test_that_adapters_before_the_prompt_are_refused() -> None:
    with pytest.raises(ModelError, match="learned tokens before the prompt"):
        engine.trace(Wrapper(tiny("llama"), is_prompt_learning=True), input_ids=IDS)


@pytest.mark.parametrize("family", ["llama", "gemma", "cohere", "granite"])  # gemma and granite scale their embeddings
def test_that_tied_and_scaled_embeddings_lose_no_relevance(family: str) -> None:
    model: Any = tiny(family)
    model.config.tie_word_embeddings = True
    model.set_output_embeddings(model.get_output_embeddings())
    model.get_output_embeddings().weight = model.get_input_embeddings().weight
    answer = engine.trace(model, input_ids=IDS, rules="cp-lrp").explain()
    assert answer.input.sum() == pytest.approx(answer.value, rel=1e-4)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert model.get_input_embeddings().weight.requires_grad


@pytest.mark.parametrize("offloaded", ["cpu", "disk"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_that_weights_that_wait_elsewhere_change_nothing(offloaded: str, checkpointing: bool, tmp_path: Path) -> None:
    alone = engine.trace(tiny("llama"), input_ids=IDS).explain()
    tiny("llama").save_pretrained(tmp_path)
    if offloaded == "disk":
        model = AutoModelForCausalLM.from_pretrained(
            tmp_path, device_map="auto", max_memory={"cpu": 60_000}, offload_folder=tmp_path / "offloaded"
        )
    else:
        accelerate = pytest.importorskip("accelerate")
        model = accelerate.cpu_offload(tiny("llama"), execution_device=torch.device("cpu"))
    before = {name: (p.requires_grad, p.device.type) for name, p in model.named_parameters()}
    assert "meta" in {device for _, device in before.values()}
    trace = engine.trace(model, input_ids=IDS, checkpointing=checkpointing)
    assert trace.model.info.device == "cpu"
    assert np.array_equal(trace.explain().layers, alone.layers)
    assert {name: (p.requires_grad, p.device.type) for name, p in model.named_parameters()} == before
    assert engine.generate(model, input_ids=IDS, max_new_tokens=2).start == len(IDS)


@pytest.mark.parametrize(("quantization", "left_over"), [("4bit", 1e-5), ("8bit", 1e-2)])  # 8 bits round inputs too
@pytest.mark.parametrize("name", ["llama", "gpt2", "bert"])  # the last two with biases in what is quantized
def test_that_quantized_models_keep_their_ledger(name: str, quantization: Any, left_over: float) -> None:
    pytest.importorskip("bitsandbytes")
    model = engine.load_model(f"bundled:{name}", quantization=quantization, device="cpu")
    for rules in ("attnlrp", "cp-lrp"):
        ledger = engine.trace(model, "In 1922 the British reached 8,320 m.", rules=rules).explain().ledger
        assert ledger is not None
        assert ledger.closes
        assert ledger.total.rest == pytest.approx(0, abs=left_over * max(1, abs(ledger.total.passed)))
        assert (ledger.constants["bias"] != 0) == (name != "llama")


@pytest.mark.parametrize("learned", [["q_proj", "up_proj"], ["q_proj", "up_proj", "embed_tokens"]])
def test_that_lora_of_peft_is_explained_with_its_model(learned: list[str]) -> None:
    peft = pytest.importorskip("peft")
    torch.manual_seed(1)
    settings = peft.LoraConfig(r=4, target_modules=learned, init_lora_weights=False, lora_dropout=0.5)
    wrapped = peft.get_peft_model(tiny("llama"), settings).train()
    answer = engine.trace(wrapped, input_ids=IDS, rules="cp-lrp").explain()
    with torch.no_grad():
        logits = wrapped.eval()(torch.tensor([IDS])).logits[0, -1]
    assert answer.value == pytest.approx(logits.max().item(), rel=1e-6)
    assert answer.input.sum() == pytest.approx(answer.value, rel=1e-5)
    assert engine.self_test(wrapped, input_ids=IDS).passed


def test_that_a_model_without_weights_says_so() -> None:
    with torch.device("meta"):
        empty = nn.ModuleList([nn.Linear(2, 2)])
    with pytest.raises(ModelError, match="meta device"):
        engine.load_model(empty)


@pytest.mark.parametrize("kernel", ["flash_attention_2", "flash_attention_3", "flex_attention", "paged|sdpa"])
def test_that_attention_that_rules_cannot_see_is_refused(kernel: str) -> None:
    model: Any = tiny("llama")
    model.config._attn_implementation_internal = kernel
    with pytest.raises(ModelError, match="sdpa"):
        engine.trace(model, input_ids=IDS)


def test_that_eager_and_fused_attention_agree() -> None:
    eager, fused = (
        engine.trace(tiny("llama", attn_implementation=name), input_ids=IDS).explain() for name in ("eager", "sdpa")
    )
    np.testing.assert_allclose(eager.layers, fused.layers, rtol=1e-4, atol=1e-5 * np.abs(eager.layers).max())
