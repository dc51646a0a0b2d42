"""Relevance of BERT beside the formulas, in float64: LXT's own BERT does not run on transformers 5."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification
from transformers.models.bert import modeling_bert

import engine
from tests.engine.rules.bert_reference import bert_logits

_LAYERS, _HEADS = 3, 4
_SIZES = {"hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 32, "vocab_size": 50}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("rules", ["attnlrp", "cp-lrp"])
def test_that_bert_follows_the_formulas(rules: str, attention: str) -> None:
    torch.manual_seed(5)
    config = BertConfig(**_SIZES, num_hidden_layers=_LAYERS, num_attention_heads=_HEADS, attn_implementation=attention)
    model = BertForSequenceClassification(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    embeds = torch.randn(12, 32, dtype=torch.float64, requires_grad=True)

    wanted = bert_logits(embeds, dict(model.state_dict()), _LAYERS, _HEADS, rules)
    with engine.monkey_patch(modeling_bert, rules):
        found = model(inputs_embeds=embeds[None]).logits[0]
    assert torch.allclose(found, wanted, rtol=1e-10, atol=1e-12)
    for label in range(2):
        assert _relevance(found[label], embeds).sub(_relevance(wanted[label], embeds)).abs().max() < 1e-10


def _relevance(logit: Tensor, embeds: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logit, embeds, retain_graph=True)
    return gradient * embeds
