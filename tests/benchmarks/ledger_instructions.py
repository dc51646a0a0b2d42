"""What the ledger costs in instructions, which no other work on the machine disturbs: with one over without.

`python -m tests.benchmarks.ledger_instructions` needs Debian's `valgrind`, and some fifteen minutes: every instruction
is interpreted. Counted is a forward pass and what is explained of it: one target or eight of the bundled models, one of
six families of docs/families.md, whose models are tiny, among them those for which the clock says most.
"""

from __future__ import annotations

import os
import re
import shutil
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
_FAMILIES = ("opt", "roberta", "granitemoe", "dinov2", "t5", "rwkv")
_NAMES = [*(f"{model}, {rules}, targets {count}" for model, rules, count in _BUNDLED), *_FAMILIES]


def _runs() -> Iterator[Callable[[bool], object]]:
    """What is counted, in the order of the names; each is told whether to keep a ledger."""
    for model, rules, count in _BUNDLED:
        yield partial(seconds, engine.load_model(model), RECALL, rules, count)
    for name in _FAMILIES:
        made = engine.load_model(ALL[name].make())
        made.module.requires_grad_(False)
        yield partial(ruled, made, ALL[name].given)


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
    if shutil.which("valgrind") is None:
        raise SystemExit("Valgrind is needed: apt-get install valgrind")
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
    for name, with_it, without in zip(_NAMES, counts[::2], counts[1::2], strict=True):
        print(f"{name}: {with_it / 1e6:.1f} M / {without / 1e6:.1f} M = {with_it / without:.3f}")


def _count(file: Path) -> int:
    found = re.search(r"^summary: (\d+)", file.read_text("utf-8", "replace"), re.MULTILINE)
    assert found is not None, f"valgrind counted nothing in {file.name}"
    return int(found[1])


if __name__ == "__main__":
    run_inside() if _INSIDE in sys.argv else main()
