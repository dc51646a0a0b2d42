"""What the ledger costs in instructions, which no other work on the machine disturbs, on the bundled models.

`python -m tests.benchmarks.ledger_instructions` needs Debian's `valgrind`, and some twenty minutes: every instruction
is interpreted. What is counted is a forward pass and one target, or eight, explained with a ledger over without one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

import engine
from tests.benchmarks.ledger_cost import EIGHT, RECALL, seconds

_INSIDE = "--inside"
_CASES = [
    (model, rules, count)
    for model in ("bundled:gpt2", "bundled:llama")
    for rules in ("attnlrp", "cp-lrp")
    for count in (1, EIGHT)
]


def run_inside() -> None:
    """Under valgrind: each case once with a ledger and once without, dumped one after another."""
    torch.set_num_threads(1)
    for model, rules, count in _CASES:
        opened = engine.load_model(model)
        for ledger in (True, False):
            seconds(opened, RECALL, rules, count, ledger)  # the warm-up
            torch._C._valgrind_toggle()
            seconds(opened, RECALL, rules, count, ledger)
            torch._C._valgrind_toggle_and_dump_stats()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        tool = ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={out}"]
        subprocess.run(
            [*tool, sys.executable, "-W", "ignore", "-m", __spec__.name, _INSIDE],
            check=True,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONMALLOC": "malloc"},
        )
        counts = [
            int(re.findall(r"^summary: (\d+)", Path(f"{out}.{i + 1}").read_text("utf-8", "replace"), re.MULTILINE)[0])
            for i in range(2 * len(_CASES))
        ]
    for (model, rules, count), with_it, without in zip(_CASES, counts[::2], counts[1::2], strict=True):
        figures = f"{with_it / 1e6:.1f} M / {without / 1e6:.1f} M = {with_it / without:.3f}"
        print(f"{model}, {rules}, targets {count}: {figures}")


if __name__ == "__main__":
    run_inside() if _INSIDE in sys.argv else main()
