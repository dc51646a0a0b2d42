"""Targets that name tokens by their ids: as many as there are logits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.attribution.targets.choices import Choices
from engine.attribution.targets.resolving import resolve
from engine.models.opening import Model, load_model
from engine.protocol.failures import TargetError
from engine.protocol.targets import Contrast, Target, Token

VOCABULARY = 12


class _Bare(nn.Module):
    """Comes without a tokenizer, and its last linear map is not what gives the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, VOCABULARY)
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))


@pytest.fixture(scope="module")
def bare() -> Model:
    return load_model(_Bare())


def logits(position: int) -> torch.Tensor:
    return torch.zeros(VOCABULARY)


def test_that_every_logit_is_a_target_by_its_id(bare: Model) -> None:
    for token in range(VOCABULARY):
        assert resolve(Token(token), Choices(bare, "next token", 1, logits)).terms == ((0, token, 1.0),)


@pytest.mark.parametrize(
    ("length", "said"), [(1, "has 1 token, which is at 0."), (1200, "has 1,200 tokens, 0 to 1199.")]
)
def test_that_a_position_outside_the_prompt_is_told_its_length(bare: Model, length: int, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        resolve(Token(0, length), Choices(bare, "next token", length, logits))


@pytest.mark.parametrize("target", [Token(-1), Token(VOCABULARY), Contrast(10**9, 0), Contrast(0, -1)])
def test_that_an_id_without_a_logit_is_refused(bare: Model, target: Target) -> None:
    with pytest.raises(TargetError, match="from 0 to 11") as refusal:
        resolve(target, Choices(bare, "next token", 1, logits))
    assert refusal.value.kind == "target_unknown"
