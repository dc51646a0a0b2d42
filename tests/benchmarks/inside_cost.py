"""What it costs to look inside: heads and neurons of all blocks over an explanation, a block opened over its run.

`python -W ignore -m tests.benchmarks.inside_cost`, with SmolLM2 and the prompt of tests/everest.txt; or with `--model`.
Ratios of medians, each pair measured in turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

import engine
from engine.attribution.recording import under
from tests.real_weights import smollm2

PROMPT = Path(__file__).parents[1] / "everest.txt"


def main() -> None:
    """Print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default=None)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    source = chosen.model or smollm2()
    if source is None:
        raise SystemExit("SmolLM2 is not installed: name another with --model.")
    model = engine.load_model(source, device="cpu")
    whole = PROMPT.read_text(encoding="utf-8").removesuffix("\n")
    prompt = whole if chosen.model is None else whole[-200:]  # which fits into the bundled models
    with engine.trace(model, prompt) as trace:
        print(f"{model.info.title}, {len(trace.tokens)} tokens, medians of {chosen.rounds}")
        first = timed(trace.heads)
        explained, heads = in_turns([trace.explain, trace.heads], chosen.rounds)
        print(
            f"heads of all blocks: {heads / explained:.2f} of an explanation ({first / explained:.2f} the first time)"
        )
        first = timed(trace.neurons)
        explained, neurons = in_turns([trace.explain, trace.neurons], chosen.rounds)
        print(f"100 neurons: {neurons / explained:.2f} of an explanation, the first time {first / explained:.2f}")
        block = len(trace.explain().layers) // 2
        trace.inside(block)  # the gradients of the target at every block, which are kept
        run, opened = in_turns([lambda: run_block(trace, block), lambda: trace.inside(block)], chosen.rounds)
        print(f"block {block} opened: {opened / run:.2f} of its forward and backward pass")


def run_block(trace: engine.Trace, block: int) -> None:
    """Forward and backward of one block under the rules of the trace, and nothing else."""
    recording = trace._recording
    stack = recording.stacks[0]
    call, entered = stack.calls[block], stack.layers[block]
    leaf = entered.detach().requires_grad_()
    args = [leaf if x is entered else x for x in call.args]
    kwargs = {name: leaf if x is entered else x for name, x in call.kwargs.items()}
    with under(recording.rules, call.block):
        answer = call.block(*args, **kwargs)
    output = answer[0] if isinstance(answer, tuple) else answer
    torch.autograd.grad(output, leaf, torch.ones_like(output))


def in_turns(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """The median time of each, in seconds."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, own in zip(works, times, strict=True):
            own.append(timed(work))
    return [statistics.median(own) for own in times]


def timed(work: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
