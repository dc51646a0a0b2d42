"""Plants secrets where people keep them, has everything fail that can, and looks for them in what is said and written.

python -m tests.campaigns.secrets
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CANARY = "Canary7Secret7Canary"
NOWHERE = "127.0.0.1:9"  # nobody listens there
PLANTED = {
    "HF_ENDPOINT": f"http://somebody:{CANARY}@{NOWHERE}",
    "HF_TOKEN": f"hf_{CANARY}",
    "HTTPS_PROXY": f"http://somebody:{CANARY}@{NOWHERE}",
    "HTTP_PROXY": f"http://somebody:{CANARY}@{NOWHERE}",
    "OPENAI_API_KEY": f"sk-{CANARY}",
}
COMMAND = [sys.executable, "-m", "inspector.command_line.cli"]
SAID = "from inspector.command_line.saying import guard_streams; guard_streams(); "
FAILURES: dict[str, list[str]] = {
    "a hub that cannot be reached": [*COMMAND, "explain", "owner/model", "--prompt", "a"],
    "coverage of it": [*COMMAND, "coverage", "owner/model"],
    "the self-test of it": [*COMMAND, "self-test", "owner/model"],
    "a model called by its address": [*COMMAND, "explain", f"https://u:{CANARY}@hub/owner/model", "--prompt", "a"],
    "a folder that is not there": [*COMMAND, "explain", f"/no/hf_{CANARY}", "--prompt", "a"],
    "a target with a key": [*COMMAND, "explain", "bundled:llama", "--prompt", "a", "--target", f"api_key={CANARY}"],
    "a prompt file with a token": [*COMMAND, "explain", "m", "--prompt-file", f"/no/token={CANARY}"],
    "a picture with a token": [*COMMAND, "explain", "m", "--image", f"/no/hf_{CANARY}.png"],
    "a wrong rule set": [*COMMAND, "explain", "m", "--prompt", "a", "--rules", f"hf_{CANARY}"],
    "a wrong option": [*COMMAND, "explain", "m", f"--api-key={CANARY}"],
    "the list of models": [*COMMAND, "models"],
    "doctor": [*COMMAND, "doctor", "--json"],
    "an export of an answer": [*COMMAND, "explain", "bundled:llama", "--prompt", "a b", "--out", "answer.json"],
    "a defect": [sys.executable, "-c", SAID + f"raise ValueError('Authorization: Bearer {CANARY}')"],
    "a library's warning": [sys.executable, "-c", SAID + f"import warnings; warnings.warn('https://a:{CANARY}@b')"],
}


@dataclass(frozen=True)
class Outcome:
    """One failure, and where a secret was found after it: nowhere, where all is well."""

    failure: str
    where: tuple[str, ...]


def outcomes(failures: Iterable[str] = tuple(FAILURES)) -> Iterator[Outcome]:
    """Each failure in a process of its own, with secrets all around it."""
    for failure in failures:
        with tempfile.TemporaryDirectory() as name:
            yield Outcome(failure, tuple(_found(FAILURES[failure], Path(name))))


def _found(command: list[str], folder: Path) -> Iterator[str]:
    places = {"HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder, "TMPDIR": folder}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **PLANTED, **{name: str(at) for name, at in places.items()}}
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=300
    )
    for name, said in (("stdout", done.stdout), ("stderr", done.stderr)):
        if CANARY.encode() in said:
            yield f"{name}: {json.dumps(said.decode('utf-8', 'replace')[:400])}"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and CANARY.encode() in path.read_bytes():
            yield f"the file {path.relative_to(folder)}"


def table(found: Iterable[Outcome]) -> str:
    """One row a failure."""
    lines = ["| failure | secrets found |", "|---|---|"]
    return "\n".join([*lines, *(f"| {one.failure} | {'; '.join(one.where)} |" for one in found)])


def main() -> None:
    found = list(outcomes())
    print(table(found))
    raise SystemExit(any(one.where for one in found))


if __name__ == "__main__":
    main()
