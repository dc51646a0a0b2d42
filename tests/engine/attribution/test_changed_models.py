"""A model that is changed between two calls is explained as it is now."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, activations

import engine
from engine import anatomy

IDS = [1, 5, 9, 2, 7]
CONFIG = LlamaConfig(
    vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=16,
)  # fmt: skip


def made() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(CONFIG).eval()


def relevance(module: nn.Module) -> engine.Relevance:
    with engine.trace(module, input_ids=IDS) as trace:
        return trace.explain()


def exchange_a_block(module: LlamaForCausalLM) -> None:
    torch.manual_seed(1)
    module.model.layers[1] = type(module.model.layers[1])(CONFIG, 1)


def take_a_block_away(module: LlamaForCausalLM) -> None:
    del module.model.layers[2]


def exchange_an_activation(module: LlamaForCausalLM) -> None:
    for layer in module.model.layers:
        layer.mlp.act_fn = activations.NewGELUActivation()


def exchange_the_embedding(module: LlamaForCausalLM) -> None:
    torch.manual_seed(2)
    module.set_input_embeddings(nn.Embedding(32, 16))


def exchange_a_weight(module: LlamaForCausalLM) -> None:
    torch.manual_seed(3)
    module.model.layers[0].mlp.up_proj.weight = nn.Parameter(torch.randn(32, 16))


def learn_again(module: LlamaForCausalLM) -> None:
    module.requires_grad_(True)
    module.train()


def move_to_another_type(module: LlamaForCausalLM) -> None:
    module.to(torch.float64)


CHANGES = [
    exchange_a_block,
    take_a_block_away,
    exchange_an_activation,
    exchange_the_embedding,
    exchange_a_weight,
    learn_again,
    move_to_another_type,
]


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_that_a_changed_model_is_explained_as_one_never_seen_before(
    change: Callable[[LlamaForCausalLM], None],
) -> None:
    seen, fresh = made(), made()
    relevance(seen)
    alive = list(seen.modules())  # what is exchanged may live on
    change(seen)
    change(fresh)
    found, expected = relevance(seen), relevance(fresh)
    np.testing.assert_array_equal(found.layers, expected.layers)
    assert found.value == expected.value
    assert found.ledger == expected.ledger
    assert found.model == expected.model
    assert alive


def test_that_an_adapter_added_later_takes_part() -> None:
    module = made()
    before, alive = relevance(module), list(module.modules())
    torch.manual_seed(4)
    adapted = get_peft_model(module, LoraConfig(r=2, target_modules=["q_proj", "up_proj"], init_lora_weights=False))
    found = relevance(module)
    assert alive and found.value != before.value
    assert found.ledger is not None and found.ledger.closes
    assert all(p.requires_grad == ("lora" in name) for name, p in adapted.named_parameters())


def test_that_parameters_require_gradients_afterwards_as_before() -> None:
    module = made()
    module.model.layers[1].requires_grad_(False)
    wanted = {name: p.requires_grad for name, p in module.named_parameters()}
    relevance(module)
    module.lm_head.requires_grad_(False)
    wanted["lm_head.weight"] = False
    relevance(module)
    assert {name: p.requires_grad for name, p in module.named_parameters()} == wanted


def test_that_a_hook_added_later_acts() -> None:
    module = made()
    before = relevance(module)
    handle = module.model.layers[0].register_forward_hook(lambda block, args, output: output * 2)
    assert relevance(module).value != before.value
    handle.remove()
    assert relevance(module).value == before.value


def test_that_a_module_goes_when_nobody_else_holds_it() -> None:
    kept = len(anatomy._known)
    relevance(made())
    gc.collect()
    assert len(anatomy._known) <= kept


def wrap_its_forward(module: LlamaForCausalLM) -> None:
    plain = module.forward

    def wrapped(input_ids: torch.Tensor, use_cache: bool = False, logits_to_keep: int = 0) -> object:
        return plain(input_ids, use_cache=use_cache, logits_to_keep=logits_to_keep)

    module.forward = wrapped


def test_that_a_module_with_a_forward_of_its_own_goes_too() -> None:
    module = made()
    wrap_its_forward(module)
    relevance(module)
    kept = weakref.ref(module)
    del module
    gc.collect()
    assert kept() is None


def test_that_a_class_that_changes_is_another_part() -> None:
    class Louder(nn.Linear):
        pass

    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert anatomy.parts_that(is_louder := lambda part: isinstance(part, Louder), module) == []
    module[0].__class__ = Louder
    assert anatomy.parts_that(is_louder, module) == [module[0]]
