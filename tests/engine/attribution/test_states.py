"""What a model keeps of a call for itself, and what a caller's hooks keep of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.attribution.recording import under
from engine.rules.table import ATTNLRP


class Remembering(nn.Module):
    """Keeps what it gave, as a recurrent model keeps its state."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.state = x * x
        return self.state


@pytest.fixture
def x() -> Tensor:
    return torch.arange(1.0, 5.0).requires_grad_()


def test_that_what_a_module_remembers_holds_no_graph_after_a_trace(x: Tensor) -> None:
    module = Remembering()
    with under(ATTNLRP, module):
        y = module(x)
    assert y.requires_grad
    assert module.state is not None and not module.state.requires_grad
    assert torch.equal(module.state, x * x)


def test_that_what_a_module_remembered_before_is_left_alone(x: Tensor) -> None:
    remembered = (module := Remembering())(x)
    with under(ATTNLRP, module):
        pass
    assert module.state is remembered and remembered.requires_grad


def test_that_under_bare_rules_what_a_hook_keeps_has_its_gradient(x: Tensor) -> None:
    module = Remembering()
    with ATTNLRP.on(module):
        y = module(x)
    assert module.state is not None
    module.state.retain_grad()
    y.sum().backward()
    assert torch.equal(module.state.grad, torch.ones(4))
