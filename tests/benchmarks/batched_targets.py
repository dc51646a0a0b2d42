"""Eight targets and thirty-two in batched backward passes, beside one pass for each: time, and memory at the peak.

`python -W ignore -m tests.benchmarks.batched_targets [--rounds 3] [--counts 8 32] [--models NAME ...]`. Each figure
comes from a process of its own that runs as the window's worker does, in one thread, with a forward pass and a ledger
in it; the first run is a warm-up.
Time is that of the processor, to which other work on the machine hardly adds; memory is that above the loaded model
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
from pathlib import Path

import torch

import engine
from engine import targets
from inspector.client.process import WORKER_ENVIRONMENT
from tests.benchmarks.against_lxt import resident
from tests.real_weights import EVEREST, smollm2

RECALL = "In 1922 the British reached 8,320 m. In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"
COUNTS = (8, 32)
WAYS = ("batched", "single")


def measure(name: str, prompt: str, count: int, way: str, rounds: int) -> None:
    """Prints the seconds of each round, and the MiB taken at the peak, as JSON."""
    torch.set_num_threads(1)
    model = engine.load_model(name)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what opening the model left behind
    loaded = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    seconds = []
    for _ in range(rounds + 1):
        start = time.process_time()
        with engine.trace(model, prompt) as trace:
            wanted = [targets.Token(p.id) for p in trace.predictions(count)]
            if way == "batched":
                trace.explain_many(wanted)
            else:
                for target in wanted:
                    trace.explain(target)
        seconds.append(time.process_time() - start)
    print(json.dumps([seconds[1:], resident("VmHWM") - loaded]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    prompts = {"bundled:llama": RECALL, **({str(path): EVEREST} if (path := smollm2()) else {})}
    options.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    options.add_argument("--models", nargs="+", choices=prompts, default=list(prompts))
    options.add_argument("--one", nargs=3)
    chosen = options.parse_args()
    if chosen.one:
        name, count, way = chosen.one
        measure(name, prompts[name], int(count), way, chosen.rounds)
        return
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.batched_targets"]
    for name in chosen.models:
        for count in chosen.counts:
            taken, peak = {}, {}
            for way in WAYS:
                asked = [*command, "--rounds", str(chosen.rounds), "--one", name, str(count), way]
                done = subprocess.run(
                    asked, env={**os.environ, **WORKER_ENVIRONMENT}, capture_output=True, text=True, check=True
                )
                seconds, peak[way] = json.loads(done.stdout.splitlines()[-1])
                taken[way] = statistics.median(seconds)
            ratios = [figures["batched"] / figures["single"] for figures in (taken, peak)]
            print(
                f"{Path(name).stem}, {count} targets: {taken['batched']:.3f} s / {taken['single']:.3f} s = "
                f"{ratios[0]:.2f}; memory {peak['batched']:.0f} / {peak['single']:.0f} MiB = {ratios[1]:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
