"""One explanation, and eight, of SmolLM2 on LXT's prompt, beside LXT's documented recipe for all layers.

`python -m tests.benchmarks.against_lxt --lxt PATH_TO_ITS_CHECKOUT [--rounds 5]`. Both run in processes of their own,
turn by turn, on the same weights: ours as the window's worker is started, LXT as a script is, or with
`--same-allocator` as the worker too. The figures are ratios of medians, and of peak memory above the loaded model
(Linux).
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import torch

import engine
from engine import targets
from inspector.client.process import WORKER_ENVIRONMENT
from tests.benchmarks.needs import lxt_checkout, smollm2_file
from tests.real_weights import EVEREST

EIGHT = 8


def ours() -> tuple[Callable[[], object], Callable[[], object]]:
    """One explanation and eight, each with its forward pass; without a ledger, which LXT does not keep."""
    model = engine.load_model(smollm2_file())

    def one() -> float:
        with engine.trace(model, EVEREST, ledger=False) as trace:
            return float(trace.explain().input.sum())

    def eight() -> float:
        with engine.trace(model, EVEREST, ledger=False) as trace:
            wanted = [targets.Token(p.id) for p in trace.predictions(EIGHT)]
            return sum(float(answer.input.sum()) for answer in trace.explain_many(wanted))

    return one, eight


def theirs() -> tuple[Callable[[], object], Callable[[], object]]:
    """The same by LXT: patch, hook every layer to retain its gradient, forward, backward, a run for each target."""
    modelling = import_module("transformers.models.llama.modeling_llama")
    import_module("lxt.efficient.core").monkey_patch(modelling)
    opened = engine.load_model(smollm2_file())
    model, tokenizer = opened.module, opened.tokenizer
    for parameter in model.parameters():
        parameter.requires_grad = False
    ids = tokenizer(EVEREST, return_tensors="pt").input_ids
    streams: list[torch.Tensor] = []

    def keep(_: object, __: object, output: torch.Tensor) -> None:
        streams.append(output[0] if isinstance(output, tuple) else output)
        streams[-1].retain_grad()

    for block in model.model.layers:
        block.register_forward_hook(keep)

    def explain(rank: int) -> float:
        streams.clear()
        embedded = model.get_input_embeddings()(ids).requires_grad_()
        logits = model(inputs_embeds=embedded, use_cache=False).logits[0, -1]
        logits.topk(EIGHT).values[rank].backward()
        for stream in streams:
            (stream * stream.grad).float().sum(-1)
        return float((embedded * embedded.grad).sum())

    return lambda: explain(0), lambda: sum(explain(rank) for rank in range(EIGHT))


def measure(side: str) -> None:
    """A line of JSON for every `one` or `eight` on standard input: seconds, result, MiB it took at the peak."""
    one, eight = ours() if side == "ours" else theirs()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what opening the model left behind
    loaded = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        result = (one if line.strip() == "one" else eight)()
        print(json.dumps([time.perf_counter() - start, result, resident("VmHWM") - loaded]), flush=True)


def resident(name: str) -> float:
    """MiB of this process in memory: now (VmRSS), or at most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lxt", type=lxt_checkout, required=True)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--same-allocator", action="store_true")
    options.add_argument("--side")
    chosen = options.parse_args()
    if chosen.side:
        measure(chosen.side)
        return
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(chosen.lxt), str(Path.cwd())])}
    environments = {"ours": environment | WORKER_ENVIRONMENT, "theirs": environment}
    if chosen.same_allocator:
        environments["theirs"] = environments["ours"]
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.against_lxt", "--lxt", str(chosen.lxt), "--side"]
    for kind in ("one", "eight"):  # fresh processes for each, so that peak memory is that of the kind alone
        sides = {
            side: subprocess.Popen(
                [*command, side], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for side, environment in environments.items()
        }
        for process in sides.values():
            while '"ready"' not in process.stdout.readline():
                pass
        found: dict[str, list[list[float]]] = {side: [] for side in sides}
        for turn in range(chosen.rounds + 1):
            for side, process in sides.items():
                process.stdin.write(kind + "\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
                if turn:  # the first is the warm-up
                    found[side].append(answer)
        for process in sides.values():
            process.stdin.close()
            process.wait()
        seconds = {side: statistics.median(a[0] for a in answers) for side, answers in found.items()}
        peak = {side: answers[-1][2] for side, answers in found.items()}
        print(
            f"{kind}: {seconds['ours']:.2f} s / {seconds['theirs']:.2f} s = {seconds['ours'] / seconds['theirs']:.2f}; "
            f"memory {peak['ours']:.0f} / {peak['theirs']:.0f} MiB = {peak['ours'] / peak['theirs']:.2f}; "
            f"sum {found['ours'][0][1]:.4f} and {found['theirs'][0][1]:.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
