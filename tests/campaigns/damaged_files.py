"""Opens files that were damaged at random, and counts those that do not end with one sentence in time.

python -m tests.campaigns.damaged_files --mutants 2000
python -m tests.campaigns.damaged_files --kinds gguf --seeds 17 18      # what these do, in full
"""

from __future__ import annotations

import argparse
import json
import select
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.opening import MUCH
from tests.campaigns.originals import KINDS, make_originals

ROOT = Path(__file__).parents[2]
PATIENCE = 10  # seconds for one opening
START = 120  # seconds until a process has imported everything
LONGEST = 1000  # characters of a sentence
NO_REFUSAL = ("internal", "protocol", "worker_died", "rules_unknown")
TRACES = ("Traceback", "above report", "\n", "Something went wrong")


@dataclass(frozen=True)
class Outcome:
    """How opening one damaged file ended."""

    kind: str
    seed: int
    how: str  # opened, refused, or what went wrong
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        return self.how in ("opened", "refused")


class Opener:
    """A process that opens; another takes its place where it hangs or dies."""

    def __init__(self, originals: Path) -> None:
        self._originals = originals
        self._process: subprocess.Popen[str] | None = None

    def open(self, kind: str, seed: int) -> Outcome:
        process = self._process or self._started()
        assert process.stdin and process.stdout
        process.stdin.write(f"{kind} {seed}\n")
        process.stdin.flush()
        said = process.stdout.readline() if select.select([process.stdout], [], [], PATIENCE)[0] else None
        if not said:
            self.close()
            return Outcome(kind, seed, "hung" if said is None else f"crashed ({process.returncode})")
        return _judged(kind, seed, json.loads(said))

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "ignore", "-m", "tests.campaigns.opening", str(self._originals)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout
        ready = select.select([self._process.stdout], [], [], START)[0] and self._process.stdout.readline()
        if ready != "ready\n":
            raise SystemExit("The process that opens files does not start: run tests.campaigns.opening by hand.")
        return self._process


def _judged(kind: str, seed: int, found: dict[str, Any]) -> Outcome:
    message = found["message"] or ""
    if found["bytes"] > MUCH or "MemoryError" in (found["details"] or "") or "allocate memory" in message:
        how = "memory"
    elif found["kind"] is None:
        how = "opened"
    elif found["kind"] in NO_REFUSAL:
        how = "should not"
    elif any(trace in message for trace in TRACES) or len(message) > LONGEST:
        how = "no sentence"
    else:
        how = "refused"
    return Outcome(kind, seed, how, found)


def outcomes(kinds: Iterable[str], seeds: Iterable[int]) -> Iterator[Outcome]:
    """How every kind with every seed ends."""
    kinds = list(kinds)
    with tempfile.TemporaryDirectory() as folder:
        make_originals(Path(folder))
        opener = Opener(Path(folder))
        try:
            for seed in seeds:
                for kind in kinds:
                    yield opener.open(kind, seed)
        finally:
            opener.close()


def table(found: Iterable[Outcome]) -> str:
    """One row a kind: how many were tried, how they ended, and the seeds of those that ended badly."""
    found = list(found)
    lines = ["| files | tried | opened | refused | failed | how, with seeds |", "|---|---|---|---|---|---|"]
    for kind in dict.fromkeys(one.kind for one in found):
        own = [one for one in found if one.kind == kind]
        counts = Counter(one.how for one in own)
        bad: dict[str, list[str]] = {}
        for one in own:
            if not one.is_fine:
                bad.setdefault(one.how, []).append(str(one.seed))
        how = "; ".join(f"{name}: {' '.join(seeds)}" for name, seeds in bad.items())
        failed = sum(map(len, bad.values()))
        lines.append(f"| {kind} | {len(own)} | {counts['opened']} | {counts['refused']} | {failed} | {how} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mutants", type=int, default=200, help="how many in all")
    options.add_argument("--first", type=int, default=0, help="the first seed, so that others are tried")
    options.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options.add_argument("--seeds", nargs="+", type=int, help="these, and say what each did")
    options.add_argument("--log", type=Path, help="a file for everything that was found, a JSON object a line")
    given = options.parse_args()
    seeds = given.seeds or range(given.first, given.first - (-given.mutants // len(given.kinds)))
    found = []
    log = given.log.open("w") if given.log else None
    for one in outcomes(given.kinds, seeds):
        found.append(one)
        if log:
            print(json.dumps({"files": one.kind, "seed": one.seed, "how": one.how, **one.found}), file=log, flush=True)
        if given.seeds:
            print(f"{one.kind} {one.seed}: {one.how}", *(f"  {k}: {v}" for k, v in one.found.items()), sep="\n")
    print(table(found))
    raise SystemExit(not all(one.is_fine for one in found))


if __name__ == "__main__":
    main()
