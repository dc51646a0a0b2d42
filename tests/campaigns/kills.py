"""Kills the worker, the spare and both, at every step of the protocol and at random, and counts what goes wrong then.

python -m tests.campaigns.kills --simulated 10000 --real 200
python -m tests.campaigns.kills --seeds 17 18      # what these simulated ones do, in full

After each kill every run has ended once, the next question is answered, no process is left, and the last good answer
is on show. Simulated workers have made-up answers; real ones hold the bundled Llama, and the time from the kill to the
next answer is measured.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from itertools import chain

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from tests.campaigns import real_kills, simulated_kills
from tests.campaigns.watched_client import Outcome


def table(found: Iterable[Outcome]) -> str:
    """One row a way to be killed: how many, what was wrong with its seeds, and the seconds to the next answer."""
    found = list(found)
    lines = ["| killed | tried | failed | how, with seeds | p50 s | p95 s |", "|---|---|---|---|---|---|"]
    for how in dict.fromkeys(one.how for one in found):
        own = [one for one in found if one.how == how]
        bad = [one for one in own if one.wrong]
        said = "; ".join(f"{one.seed}: {', '.join(one.wrong)}" for one in bad)
        seconds = [one.seconds for one in own if one.seconds]
        times = " | ".join(f"{each:.2f}" for each in np.percentile(seconds, [50, 95])) if seconds else " | "
        lines.append(f"| {how} | {len(own)} | {len(bad)} | {said} | {times} |")
    failed = sum(bool(one.wrong) for one in found)
    return "\n".join([*lines, f"| all | {len(found)} | {failed} | | | |"])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--simulated", type=int, default=200, help="how many with made-up answers")
    options.add_argument("--real", type=int, default=0, help="how many with a model, of 5 s each")
    options.add_argument("--first", type=int, default=0, help="the first seed, so that others are tried")
    options.add_argument("--seeds", nargs="+", type=int, help="these simulated ones, and say what each did")
    given = options.parse_args()
    app = QApplication([])
    found = []
    simulated = given.seeds or range(given.first, given.first + given.simulated)
    real = range(given.first, given.first + given.real)
    for one in chain(simulated_kills.outcomes(simulated), real_kills.outcomes(real) if given.real else ()):
        found.append(one)
        if given.seeds or one.wrong:
            print(f"{one.how}, {one.seed}: {', '.join(one.wrong) or 'as promised'}", flush=True)
    found.sort(key=lambda one: one.how)
    print(table(found))
    app.quit()
    raise SystemExit(any(one.wrong for one in found))


if __name__ == "__main__":
    main()
