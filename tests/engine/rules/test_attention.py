"""Attention on a CPU whose backward pass takes several targets at once, beside torch's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.rules.attention import folded_attention, is_folded

TOKENS = 21


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def mask(batch: int) -> Tensor:
    return numbers(batch, 1, TOKENS, TOKENS, seed=3)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("masked", ["causal", "one mask", "a mask each", "not"])
@pytest.mark.parametrize("key_heads", [4, 2])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_that_targets_go_back_together_as_they_go_alone(
    batch: int, masked: str, key_heads: int, scale: float | None
) -> None:
    q = numbers(batch, 4, TOKENS, 8, seed=0).requires_grad_()
    k, v = (numbers(batch, key_heads, TOKENS, 8, seed=seed).requires_grad_() for seed in (1, 2))
    given = {"one mask": mask(1), "a mask each": mask(batch)}.get(masked)
    options: dict[str, Any] = {"scale": scale, "enable_gqa": key_heads != 4}
    assert is_folded(q, k, v, given, masked == "causal", options)

    own = F.scaled_dot_product_attention(q, k, v, given, is_causal=masked == "causal", **options)
    folded = folded_attention(q, k, v, given, masked == "causal", scale)
    assert torch.equal(folded, own)

    seeds = numbers(3, *own.shape, seed=4)
    together = torch.autograd.grad(folded, (q, k, v), seeds, is_grads_batched=True, retain_graph=True)
    for i, seed in enumerate(seeds):
        alone = torch.autograd.grad(own, (q, k, v), seed, retain_graph=True)
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[i], other)


def test_that_a_mask_of_truths_is_left_to_torch() -> None:
    q = numbers(1, 2, TOKENS, 8, seed=0)
    truths = torch.ones(TOKENS, TOKENS, dtype=torch.bool).tril()
    assert not is_folded(q, q, q, truths, False, {})
