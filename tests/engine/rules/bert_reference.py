"""BERT and its relevance, written out from the formulas in plain torch: no rule of ours, no code of transformers.

Every operation goes back by what the literature says of it: linear maps and sums by their own gradient; layer norm with
a constant deviation and GELU by f(x) / x (AttnLRP, eq. 9); products of two that depend on the input by halves (AttnLRP,
eq. 7); softmax by its own gradient, or as a constant (CP-LRP, Ali et al., 2022).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def bert_logits(
    embeds: Tensor, weights: Weights, layers: int, heads: int, rules: Literal["attnlrp", "cp-lrp"]
) -> Tensor:
    """The logits (class,) of `embeds` (token, model); their gradient x `embeds` is relevance."""
    tokens = embeds.shape[0]
    x = embeds + weights["bert.embeddings.token_type_embeddings.weight"][0]
    x = x + weights["bert.embeddings.position_embeddings.weight"][:tokens]
    x = _layer_norm(x, weights, "bert.embeddings.LayerNorm")
    for layer in range(layers):
        name = f"bert.encoder.layer.{layer}"
        mixed = _attention(x, weights, f"{name}.attention.self", heads, rules)
        x = _layer_norm(
            x + _linear(mixed, weights, f"{name}.attention.output.dense"), weights, f"{name}.attention.output.LayerNorm"
        )
        inner = _linear(x, weights, f"{name}.intermediate.dense")
        inner = inner * (0.5 * (1 + torch.erf(inner / math.sqrt(2)))).detach()  # GELU: x times a number
        x = _layer_norm(x + _linear(inner, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")
    pooled = _linear(x[0], weights, "bert.pooler.dense")
    pooled = pooled * (torch.tanh(pooled) / pooled).detach()
    return _linear(pooled, weights, "classifier")


def _attention(x: Tensor, weights: Weights, name: str, heads: int, rules: Literal["attnlrp", "cp-lrp"]) -> Tensor:
    query, key, value = (
        _linear(x, weights, f"{name}.{part}").unflatten(-1, (heads, -1)).transpose(0, 1)  # (head, token, head size)
        for part in ("query", "key", "value")
    )
    scores = torch.einsum("hqd,hkd->hqk", query, key) / math.sqrt(query.shape[-1])
    if rules == "attnlrp":
        scores = _half(scores)
    pattern = torch.exp(scores) / torch.exp(scores).sum(-1, keepdim=True)
    if rules == "cp-lrp":
        mixed = torch.einsum("hqk,hkd->hqd", pattern.detach(), value)
    else:
        mixed = _half(torch.einsum("hqk,hkd->hqd", pattern, value))
    return mixed.transpose(0, 1).flatten(1)


def _half(x: Tensor) -> Tensor:
    """`x`, with half its gradient."""
    return x / 2 + (x / 2).detach()


def _layer_norm(x: Tensor, weights: Weights, name: str) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    deviation = torch.sqrt((centred * centred).mean(-1, keepdim=True) + 1e-12)
    return centred / deviation.detach() * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _linear(x: Tensor, weights: Weights, name: str) -> Tensor:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
