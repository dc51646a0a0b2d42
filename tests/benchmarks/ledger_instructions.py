"""What the ledger costs in instructions, which no other work on the machine disturbs: with one over without.

`python -m tests.benchmarks.ledger_instructions` needs Debian's `valgrind`, and some half an hour: every instruction is
interpreted. Counted is a forward pass and what is explained of it: one target or eight of the bundled models, one of
every family of docs/families.md, whose models are tiny.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

import engine
from tests.benchmarks.ledger_cost import EIGHT, RECALL, seconds
from tests.benchmarks.rules_cost import ruled
from tests.engine.attribution.facts import ALL

_INSIDE = "--inside"
_BUNDLED = [
    (model, rules, count)
    for model in ("bundled:gpt2", "bundled:llama")
    for rules in ("attnlrp", "cp-lrp")
    for count in (1, EIGHT)
]
_NAMES = [*(f"{model}, {rules}, targets {count}" for model, rules, count in _BUNDLED), *ALL]


def _runs() -> Iterator[Callable[[bool], object]]:
    """What is counted, in the order of the names; each is told whether to keep a ledger."""
    for model, rules, count in _BUNDLED:
        yield partial(seconds, engine.load_model(model), RECALL, rules, count)
    for family in ALL.values():
        made = engine.load_model(family.make())
        made.module.requires_grad_(False)
        yield partial(ruled, made, family.given)


def run_inside() -> None:
    """Under valgrind: the counts of each run with a ledger, then of it without, dumped one after another."""
    torch.set_num_threads(1)
    for run in _runs():
        for ledger in (True, False):
            run(ledger)  # the warm-up
            torch._C._valgrind_toggle()
            run(ledger)
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
        counts = [_count(Path(f"{out}.{i + 1}")) for i in range(2 * len(_NAMES))]
    ratios = {name: counts[2 * i] / counts[2 * i + 1] for i, name in enumerate(_NAMES)}
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.3f}")
    families = {name: ratios[name] for name in ALL}
    worst = max(families, key=families.__getitem__)
    within = sum(ratio <= 1.15 for ratio in families.values())
    print(f"{len(families)} families: median {statistics.median(families.values()):.3f}, {within} at most 1.15", end="")
    print(f", worst {families[worst]:.3f} ({worst})")


def _count(file: Path) -> int:
    found = re.search(r"^summary: (\d+)", file.read_text("utf-8", "replace"), re.MULTILINE)
    assert found is not None, f"valgrind counted nothing in {file.name}"
    return int(found[1])


if __name__ == "__main__":
    run_inside() if _INSIDE in sys.argv else main()
