"""A model's forward is given what it requires, or is refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import engine
from engine.protocol.failures import ModelError
from tests.engine.attribution.kinds import IDS, made


class Own(nn.Module):
    """A classifier of one's own around a trunk of transformers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.trunk = made("BertForSequenceClassification").bert
        self.head = nn.Linear(32, 3)

    def answer(self, ids: Tensor, **told: Any) -> Tensor:
        found: Tensor = self.head(self.trunk(ids, **told)[1])
        return found


class Masked(Own):
    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.answer(input_ids, attention_mask=attention_mask)


class Told(Own):
    def forward(self, ids: Tensor, attention_mask: Tensor, *, token_type_ids: Tensor, position_ids: Tensor) -> Tensor:
        return self.answer(ids, attention_mask=attention_mask, token_type_ids=token_type_ids, position_ids=position_ids)


class Plain(Own):
    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **others: Any) -> Tensor:
        assert attention_mask is None and not others
        return self.answer(input_ids)


class Boxed(Own):
    def forward(self, input_ids: Tensor, attention_mask: Tensor, bbox: Tensor, labels: Tensor) -> Tensor:
        return self.answer(input_ids)


@pytest.mark.parametrize("own", [Masked, Told])
def test_that_a_forward_is_given_what_it_requires(own: type[Own]) -> None:
    model, plain = own().eval(), engine.trace(Plain().eval(), input_ids=IDS)
    trace = engine.trace(model, input_ids=IDS)
    assert trace.logits() == pytest.approx(plain.logits(), rel=1e-5)
    found = trace.explain().input
    assert found == pytest.approx(plain.explain().input, rel=1e-4, abs=1e-6)
    assert engine.self_test(model).passed


def test_that_a_forward_which_requires_what_cannot_be_known_is_refused_by_its_name() -> None:
    with pytest.raises(ModelError, match=r"^The forward of Boxed requires “bbox” and “labels”, which .* a default\.$"):
        engine.trace(Boxed().eval(), input_ids=IDS)
