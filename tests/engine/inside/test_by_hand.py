"""Heads and neurons against a reading by hand: input times gradient where heads and neurons are mapped, with hooks of
torch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import engine
from engine import RULE_SETS, targets
from tests.engine.attribution.facts import ALL
from tests.engine.attribution.test_ledger import with_random_biases

Parts = Callable[[Any], list[nn.Module]]

# Of each family: what maps what heads gave, and what maps neurons, block by block
BY_HAND: dict[str, tuple[Parts, Parts]] = {
    "llama": (
        lambda m: [block.self_attn.o_proj for block in m.model.layers],
        lambda m: [block.mlp.down_proj for block in m.model.layers],
    ),
    "gpt2": (
        lambda m: [block.attn.c_proj for block in m.transformer.h],
        lambda m: [block.mlp.c_proj for block in m.transformer.h],
    ),
    "bert": (
        lambda m: [block.attention.output.dense for block in m.bert.encoder.layer],
        lambda m: [block.output.dense for block in m.bert.encoder.layer],
    ),
    "vit": (
        lambda m: [block.attention.o_proj for block in m.vit.layers],
        lambda m: [block.mlp.fc2 for block in m.vit.layers],
    ),
    "t5": (
        lambda m: [block.layer[0].SelfAttention.o for block in m.encoder.block],
        lambda m: [block.layer[1].DenseReluDense.wo for block in m.encoder.block],
    ),
    "mixtral": (lambda m: [block.self_attn.o_proj for block in m.model.layers], lambda m: []),
}


def read(model: nn.Module, parts: list[nn.Module], given: dict[str, Any], rules: str) -> list[np.ndarray]:
    """Input times gradient (token, feature) at each part, of the first logit of the answer."""
    kept: dict[nn.Module, Tensor] = {}

    def keep(part: nn.Module, args: tuple[Tensor, ...]) -> None:
        kept[part] = args[0]
        args[0].retain_grad()

    inputs = {name: value if isinstance(value, Tensor) else torch.tensor([value]) for name, value in given.items()}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[model.config.decoder_start_token_id]])

    def begin(part: nn.Module, args: Any, output: Tensor) -> Tensor:
        return output.detach().requires_grad_()

    of_words = {id(one): one for one in model.modules() if isinstance(one, nn.Embedding) and one.num_embeddings > 90}
    entries = [*of_words.values()] if "input_ids" in given else [model.vit.embeddings]
    handles = [part.register_forward_pre_hook(keep) for part in parts]
    handles += [entry.register_forward_hook(begin) for entry in entries]
    try:
        with RULE_SETS[rules].on(model):
            logits = model(**inputs).logits
        logits.reshape(-1, logits.shape[-1])[-1, 1].backward()
    finally:
        for handle in handles:
            handle.remove()
    return [_product(kept[part]) for part in parts]


def _product(value: Tensor) -> np.ndarray:
    assert value.grad is not None
    return (value.detach() * value.grad).reshape(-1, value.shape[-1]).numpy()


@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
@pytest.mark.parametrize("family", BY_HAND)
def test_that_heads_and_neurons_are_what_hooks_read(family: str, rules: str) -> None:
    model, given = with_random_biases(ALL[family].make()), ALL[family].given
    target = targets.Class(1) if family in ("vit", "bert") else targets.Token(1)
    attentions, mlps = BY_HAND[family]
    with engine.trace(model, rules=rules, **given) as trace:
        value = abs(trace.explain(target).value)
        heads = trace.heads(target)
        insides = [trace.inside(block, target) for block in range(len(heads.tokens))]
    close = {"abs": 1e-6 * value, "rel": 1e-5}
    for block, by_hand in enumerate(read(model, attentions(model), given, rules)):
        of_heads = by_hand.reshape(len(by_hand), heads.tokens.shape[1], -1).sum(-1).T
        assert heads.tokens[block] == pytest.approx(of_heads, **close)
        assert insides[block].heads == pytest.approx(of_heads, **close)
    for block, by_hand in enumerate(read(model, mlps(model), given, rules)):
        found = np.stack([insides[block].neuron(n) for n in range(by_hand.shape[1])], axis=1)
        assert found == pytest.approx(by_hand, **close)
        (leading, *_) = insides[block].neurons(1)
        assert leading.index == int(np.abs(by_hand.sum(0)).argmax())
        assert leading.position == int(np.abs(by_hand[:, leading.index]).argmax())
        assert leading.relevance == pytest.approx(by_hand[:, leading.index].sum(), **close)
