"""What explaining costs beside the arithmetic: AttnLRP over plain input x gradient, where most of the time is spent
between operations.

`python -W ignore -m tests.benchmarks.walked_once [--rounds 15]`. Plain is the model's forward pass, for its last
logits, and torch's own gradient of the largest at the word embeddings, without rules; ours gives every layer as well.
All take turns in one thread of one process, whose time on the processor is what is compared. SmolLM2, where it is
installed, says what rules cost where the time is spent in operations.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

import engine
from engine.models.opening import Model
from tests.benchmarks.rules_cost import ratios
from tests.real_weights import EVEREST, smollm2

TOKENS = 32


def deep_llama(blocks: int) -> Model:
    """A tiny Llama of random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=blocks, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64,
    )  # fmt: skip
    return engine.load_model(LlamaForCausalLM(config))


def cases(rounds: int) -> Iterator[tuple[str, Model, dict[str, Any], int]]:
    """What is explained, and how many times."""
    llama = engine.load_model("bundled:llama")
    yield f"bundled:llama, {TOKENS} tokens", llama, {"input_ids": list(range(20, 20 + TOKENS))}, rounds
    yield "32 blocks of a tiny Llama, 8 tokens", deep_llama(32), {"input_ids": list(range(1, 9))}, rounds
    path = smollm2()
    if path is not None:
        smol = engine.load_model(str(path))
        tokens = len(engine.trace(smol, EVEREST).tokens)
        yield f"SmolLM2, {tokens} tokens", smol, {"prompt": EVEREST}, max(3, rounds // 5)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    torch.set_num_threads(1)
    for name, model, given, times in cases(rounds):
        without, with_it = ratios(model, given, times)
        print(f"{name}: {without:.2f}; with a ledger {with_it:.2f}")


if __name__ == "__main__":
    main()
