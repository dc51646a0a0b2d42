"""The quickstart's fifteen gamma pairs on a ViT-B/16 of random weights, beside LXT's documented recipe with zennit.

`python -m tests.benchmarks.gamma_grid --lxt PATH_TO_ITS_CHECKOUT [--blocks 12] [--rounds 3]`. One forward pass and
fifteen backward passes here, all layers read; fifteen of each there, the input read. Both run in processes of their
own, turn by turn, as LXT changes classes for good. The figures are ratios of medians, of seconds and of the processor's
seconds, and of peak memory above the loaded model (Linux). Then one explanation of all layers over plain input x
gradient, ours alone.
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
from torch import nn
from torchvision.models import vision_transformer
from zennit.composites import LayerMapComposite
from zennit.rules import Gamma

import engine
from tests.benchmarks.against_lxt import resident
from tests.benchmarks.needs import lxt_checkout
from tests.parity.models import GAMMAS

Work = Callable[[], float]


def made(blocks: int) -> tuple[nn.Module, torch.Tensor]:
    """A ViT of B/16's shape whose parameters are constants, and an image for it."""
    torch.manual_seed(0)
    model = vision_transformer.VisionTransformer(224, 16, blocks, 12, 768, 3072).eval().requires_grad_(False)
    nn.init.normal_(model.heads.head.weight, std=0.02)  # torchvision begins with zeros
    return model, torch.randn(1, 3, 224, 224)


def ours(blocks: int) -> dict[str, Work]:
    """The grid from one trace; and one explanation under several rules, each with its forward pass."""
    model, image = made(blocks)
    opened = engine.load_model(model)

    def grid() -> float:
        with engine.trace(opened, pixel_values=image, rules="gamma", ledger=False) as trace:
            return sum(float(trace.explain(rules=engine.gamma(*pair)).input.sum()) for pair in GAMMAS)

    def one(rules: str) -> float:
        with engine.trace(opened, pixel_values=image, rules=rules, ledger=False) as trace:
            return float(trace.explain().input.sum())

    def plain() -> float:
        leaf = image.clone().requires_grad_()
        (grad,) = torch.autograd.grad(model(leaf)[0].max(), leaf)
        return float((leaf.detach() * grad).sum())

    return {"grid": grid, "plain": plain, "attnlrp": lambda: one("attnlrp"), "gamma": lambda: one("gamma")}


def theirs(blocks: int) -> dict[str, Work]:
    """The quickstart's loop."""
    patching = import_module("lxt.efficient")
    patching.monkey_patch(vision_transformer)
    patching.monkey_patch_zennit()
    model, image = made(blocks)

    def one(conv: float, linear: float) -> float:
        image.grad = None
        composite = LayerMapComposite([(nn.Conv2d, Gamma(conv)), (nn.Linear, Gamma(linear))])
        composite.register(model)
        model(image.requires_grad_())[0].max().backward()
        composite.remove()
        return float((image * image.grad).sum())

    return {"grid": lambda: sum(one(*pair) for pair in GAMMAS)}


def measure(side: str, blocks: int) -> None:
    """A line of JSON for every name on standard input: seconds, the processor's, result, MiB it took at the peak."""
    work = (ours if side == "ours" else theirs)(blocks)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what making the model left behind
    loaded = resident("VmRSS")
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        start, busy = time.perf_counter(), time.process_time()
        result = work[line.strip()]()
        took = [time.perf_counter() - start, time.process_time() - busy]
        print(json.dumps([*took, result, resident("VmHWM") - loaded]), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lxt", type=lxt_checkout, required=True)
    options.add_argument("--blocks", type=int, default=12)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--side")
    chosen = options.parse_args()
    if chosen.side:
        measure(chosen.side, chosen.blocks)
        return
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(chosen.lxt), str(Path.cwd())])}
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.gamma_grid", "--lxt", str(chosen.lxt)]
    sides = {
        side: subprocess.Popen(
            [*command, "--blocks", str(chosen.blocks), "--side", side],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side in ("ours", "theirs")
    }
    for process in sides.values():
        while '"ready"' not in process.stdout.readline():
            pass

    def asked(side: str, name: str) -> list[float]:
        sides[side].stdin.write(name + "\n")
        sides[side].stdin.flush()
        return list(json.loads(sides[side].stdout.readline()))

    def medians(names: list[tuple[str, str]]) -> list[list[float]]:
        """Of each column of (side, work), whose turns follow one another."""
        turns = [[asked(*name) for name in names] for _ in range(chosen.rounds + 1)][1:]  # the first is the warm-up
        return [
            [statistics.median(column) for column in zip(*answers, strict=True)] for answers in zip(*turns, strict=True)
        ]

    mine, other = medians([("ours", "grid"), ("theirs", "grid")])
    print(
        f"fifteen pairs: {mine[0]:.2f} s / {other[0]:.2f} s = {mine[0] / other[0]:.2f}; processor {mine[1]:.2f} s / "
        f"{other[1]:.2f} s = {mine[1] / other[1]:.2f}; memory {mine[3]:.0f} / {other[3]:.0f} MiB = "
        f"{mine[3] / other[3]:.2f}; sum {mine[2]:.4f} and {other[2]:.4f}",
        flush=True,
    )
    plain, *ruled = medians([("ours", name) for name in ("plain", "attnlrp", "gamma")])
    for name, one in zip(("attnlrp", "gamma"), ruled, strict=True):
        print(
            f"one, {name}, all layers: {one[0]:.2f} s / plain {plain[0]:.2f} s = {one[0] / plain[0]:.2f}; processor "
            f"{one[1] / plain[1]:.2f}; memory {one[3]:.0f} / {plain[3]:.0f} MiB = {one[3] / plain[3]:.2f}",
            flush=True,
        )
    for process in sides.values():
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
