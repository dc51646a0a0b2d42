"""What a recording keeps of the calls of blocks."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import engine
from engine.attribution.recording import under
from engine.protocol.failures import ModelError
from tests.engine.attribution.test_seeds import SOME, traced


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("name", SOME)
def test_that_a_block_called_again_as_it_was_gives_the_next_layer(name: str, checkpointing: bool) -> None:
    with traced(name, checkpointing=checkpointing) as trace, under(trace._recording.rules, trace._recording.module):
        for stack in trace._recording.stacks:
            assert len(stack.calls) == len(stack.layers) - 1
            for call, entered, left in zip(stack.calls, stack.layers[:-1], stack.layers[1:], strict=True):
                assert any(value is entered for value in (*call.args, *call.kwargs.values()))
                again: Any = call.block(*call.args, **call.kwargs)
                assert torch.equal(again[0] if isinstance(again, tuple) else again, left)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_that_closing_a_trace_lets_go_of_what_its_blocks_were_given(checkpointing: bool) -> None:
    trace = traced("llama", checkpointing=checkpointing)
    trace.explain()
    (stack,) = trace._recording.stacks
    given = [
        value
        for call in stack.calls
        for whole in (*call.args, *call.kwargs.values())
        for value in (whole if isinstance(whole, tuple) else (whole,))
    ]
    held = [weakref.ref(value) for value in given if isinstance(value, Tensor)]
    assert len(held) > len(stack.calls)  # the stream, and what tells where the tokens are
    del given, stack
    trace.close()
    assert not any(reference() is not None for reference in held)


class SequenceFirst(nn.Module):
    """Works on (token, batch), as models of an older time do, or pads its input itself."""

    def __init__(self, pads: bool) -> None:
        super().__init__()
        self.pads = pads
        self.embedding = nn.Embedding(10, 4)
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, ids: Tensor) -> Tensor:
        ids = nn.functional.pad(ids, (0, 3)) if self.pads else ids.T
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        logits = x @ self.embedding.weight.T
        return logits if self.pads else logits.transpose(0, 1)


@pytest.mark.parametrize("pads", [True, False])
def test_that_there_is_one_relevance_a_token_or_a_refusal(pads: bool) -> None:
    with pytest.raises(ModelError, match="so relevance would be of no token"):
        engine.trace(SequenceFirst(pads), input_ids=[1, 2, 3])
