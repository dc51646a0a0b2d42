"""Families in bfloat16 on a GPU, and what explaining costs there for Llamas of 1B and 8B shape with random weights.

`python -W ignore -m tests.benchmarks.on_a_gpu > docs/gpu.md`. Without a GPU it can be tried small:
`... --device cpu --shapes tiny --families llama gpt2`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import engine
from engine import targets
from engine.attribution.calling import plain_logits
from engine.attribution.inputs.given import inputs_of
from engine.models.opening import Model
from tests.benchmarks.needs import need_device
from tests.benchmarks.rules_cost import ratios
from tests.engine.attribution.facts import ALL
from tests.engine.attribution.test_ledger import with_random_biases

HALF = torch.bfloat16


@dataclass(frozen=True)
class Shape:
    """The sizes of a Llama, and how many tokens it is given."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    vocabulary: int
    tokens: int

    def made(self, device: str) -> Model:
        """With random weights, made where they stay."""
        config = LlamaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.hidden,
            intermediate_size=self.intermediate,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.heads // 4,
        )
        torch.manual_seed(0)
        default = torch.get_default_dtype()
        torch.set_default_dtype(HALF)
        try:
            with torch.device(device):
                return engine.load_model(LlamaForCausalLM(config).eval().requires_grad_(False))
        finally:
            torch.set_default_dtype(default)


SHAPES = {
    "tiny": Shape(64, 128, 4, 4, 256, 64),
    "1B": Shape(2048, 8192, 16, 32, 128_256, 512),
    "8B": Shape(4096, 14_336, 32, 32, 128_256, 512),
}


def lacking(type_: str, device: str) -> list[str]:
    """What does not hold of a family in bfloat16 there: the self-test, and that AttnLRP's relevance is finite."""
    family = ALL[type_]
    model = engine.load_model(with_random_biases(family.make()).to(device, HALF))
    plain_logits(model.module, inputs_of(model, None, family.given.get("input_ids"), family.given.get("pixel_values")))
    failed = [check.what for check in engine.self_test(model, **family.given).checks if check.passed is False]
    with engine.trace(model, **family.given) as trace:
        relevance = trace.explain(targets.Top(0) if model.info.predicts == "masked token" else targets.Top()).input
    return failed if np.isfinite(relevance).all() and relevance.any() else [*failed, "finite"]


def figures(shape: Shape, device: str, rounds: int) -> str:
    """The cells of a row: cost over plain input x gradient, and batched targets over single ones."""
    model = shape.made(device)
    ids = [i * 7919 % shape.vocabulary for i in range(shape.tokens)]
    cells = [f"{model.info.parameters / 1e9:.1f}", *(f"{r:.2f}" for r in ratios(model, {"input_ids": ids}, rounds))]
    with engine.trace(model, input_ids=ids) as trace:
        for count in (8, 32):
            wanted = [targets.Token(p.id) for p in trace.predictions(count)]
            batched = measured(lambda wanted=wanted: trace.explain_many(wanted), device, rounds)
            single = measured(lambda wanted=wanted: [trace.explain(one) for one in wanted], device, rounds)
            cells.append(f"{batched[0]:.2f} s / {single[0]:.2f} s = {batched[0] / single[0]:.2f}")
            cells.append(f"{batched[1]:.1f} / {single[1]:.1f} GiB" if device.startswith("cuda") else "–")
    return " | ".join(cells)


def measured(action: Callable[[], object], device: str, rounds: int) -> tuple[float, float]:
    """Seconds, the median, and GiB at the peak, the model and the graph among them; explaining waits for the device."""
    action()  # the warm-up
    on_cuda = device.startswith("cuda")
    if on_cuda:
        torch.cuda.reset_peak_memory_stats(device)
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), torch.cuda.max_memory_allocated(device) / 2**30 if on_cuda else 0.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--device", default="cuda")
    options.add_argument("--shapes", nargs="+", choices=SHAPES, default=["1B", "8B"])
    options.add_argument("--families", nargs="+", choices=ALL, default=list(ALL), metavar="TYPE")
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    need_device(chosen.device)
    on_cuda = chosen.device.startswith("cuda")
    print(f"# On {torch.cuda.get_device_name(chosen.device) if on_cuda else 'a CPU'}, torch {torch.__version__}\n")
    found = {type_: lacking(type_, chosen.device) for type_ in chosen.families}
    print(f"{sum(not failed for failed in found.values())} of {len(found)} families pass in bfloat16.")
    for type_, failed in found.items():
        if failed:
            print(f"- {type_}: {', '.join(failed)}")
    print(
        "\n| Llama | billion weights | AttnLRP over plain | with a ledger | 8 targets | memory | 32 targets | memory |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in chosen.shapes:
        print(f"| {name} | {figures(SHAPES[name], chosen.device, chosen.rounds)} |", flush=True)


if __name__ == "__main__":
    main()
