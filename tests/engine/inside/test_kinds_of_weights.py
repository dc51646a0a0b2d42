"""Blocks are opened whatever their weights are: in fewer bits, with an adapter, waiting elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import engine
from tests.engine.attribution.families import IDS, tiny
from tests.engine.inside.sums import sums_of

PROMPT = "In 1922 the British reached 8,320 m."


def test_that_lora_is_part_of_what_it_adapts() -> None:
    peft = pytest.importorskip("peft")
    torch.manual_seed(1)
    settings = peft.LoraConfig(r=4, target_modules=["q_proj", "o_proj", "down_proj"], init_lora_weights=False)
    model = peft.get_peft_model(tiny("llama"), settings).eval()
    sums = sums_of(model, {"input_ids": IDS}, "attnlrp")
    assert max(sums.blocks, sums.parts) < 1e-6 and sums.sites == 6
    with engine.trace(model, input_ids=IDS) as trace:
        assert [(one.name, len(one.heads), len(one.neurons)) for one in trace.inside(1).writers] == [
            ("attention", 4, 0),
            ("mlp", 0, 64),
        ]
        assert trace.neurons(k=1)[0].index < 64


def test_that_weights_that_wait_elsewhere_give_the_same() -> None:
    accelerate = pytest.importorskip("accelerate")
    alone, waiting = tiny("llama"), accelerate.cpu_offload(tiny("llama"), execution_device=torch.device("cpu"))
    found = []
    for model in (alone, waiting):
        with engine.trace(model, input_ids=IDS) as trace:
            found.append((trace.inside(1).heads, trace.heads().tokens, trace.lens()))
    assert all(np.array_equal(found[0][i], found[1][i]) for i in range(2))
    assert found[0][2] == found[1][2]


@pytest.mark.parametrize(("quantization", "left_over"), [("4bit", 1e-4), ("8bit", 3e-2)])  # 8 bits round inputs too
@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_that_blocks_of_quantized_models_add_up(name: str, quantization: Any, left_over: float) -> None:
    pytest.importorskip("bitsandbytes")
    model = engine.load_model(f"bundled:{name}", quantization=quantization, device="cpu")
    with engine.trace(model, PROMPT) as trace:
        inside, value = trace.inside(1), abs(trace.explain().value)
        attention, mlp = inside.writers
        passed = inside.skip.sum() + attention.passed.sum() + mlp.passed.sum()
        assert passed == pytest.approx(inside.arrives.sum(), abs=left_over * value)
        assert (attention.name, mlp.name) == ("attention", "mlp") and trace.heads().relevance.shape[1] == 4
        assert trace.neurons(k=3) and trace.lens()[-1].rank == 1
