"""What the ledger costs: explaining with it over explaining without it, on one model and prompt.

`python -m tests.benchmarks.ledger_cost [--rounds 20] [--models NAME ...]`. Both take turns in one thread of one
process, each with its forward pass; the figures are ratios of medians of the processor's time, which other work on the
machine disturbs least.
SmolLM2, where it is installed, takes a tenth of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

import engine
from engine import targets
from engine.models.opening import Model
from tests.real_weights import EVEREST, smollm2

RECALL = "In 1922 the British reached 8,320 m. In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"
EIGHT = 8


def seconds(model: Model, prompt: str, rules: str, count: int, ledger: bool) -> float:
    """For one forward pass and `count` targets explained."""
    start = time.process_time()
    with engine.trace(model, prompt, rules=rules, ledger=ledger) as trace:
        if count == 1:
            trace.explain()
        else:
            trace.explain_many([targets.Token(p.id) for p in trace.predictions(count)])
    return time.process_time() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    found = smollm2()
    cases = {"bundled:gpt2": RECALL, "bundled:llama": RECALL, **({str(found): EVEREST} if found else {})}
    options.add_argument("--models", nargs="+", choices=cases, default=list(cases))
    chosen = options.parse_args()
    rounds = chosen.rounds
    torch.set_num_threads(1)
    for name in chosen.models:
        model = engine.load_model(name)
        turns = max(3, rounds // 10) if name == str(found) else rounds
        for rules in ("attnlrp", "cp-lrp"):
            for count in (1, EIGHT):
                taken: dict[bool, list[float]] = {True: [], False: []}
                for turn in range(turns + 1):
                    for ledger, times in taken.items():
                        took = seconds(model, cases[name], rules, count, ledger)
                        if turn:  # the first is the warm-up
                            times.append(took)
                with_it, without = (statistics.median(taken[ledger]) for ledger in (True, False))
                print(
                    f"{model.info.title}, {rules}, targets {count}: {with_it * 1e3:.1f} ms / {without * 1e3:.1f} ms"
                    f" = {with_it / without:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
