"""Installs the oldest dependencies that pyproject.toml promises, and tries whether the program works with them.

python -m tests.campaigns.oldest
python -m tests.campaigns.oldest --venv /tmp/oldest    # into this one, which is kept, or is there already

Each `>=` is taken as `==`. Where two cannot be installed together, the one that another asks more of is raised to that,
which the table says: there the promise is wrong. With PyPI's torch the installation takes several GB.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
IMPORTS = {"pyside6-essentials": "PySide6.QtWidgets", "pillow": "PIL", "fpdf2": "fpdf", "fonttools": "fontTools"}
PROMPT = "In 1922 the British expedition reached 8,320 m. The 1922 expedition reached 8,"
RUNNERS = ("pytest", "pytest-qt", "pytest-xdist", "hypothesis")  # not on trial: the newest
SMOKE: dict[str, Sequence[str]] = {
    "explain a prompt": ("-m", "inspector.cli", "explain", "bundled:llama", "--prompt", PROMPT),
    "explain a picture": ("-m", "inspector.cli", "explain", "bundled:vit", "--image", "{picture}"),
    "go on with a prompt": ("-m", "inspector.cli", "generate", "bundled:gpt2", "--prompt", PROMPT),
    "a figure as PDF": (
        *("-m", "inspector.cli", "explain", "bundled:llama", "--prompt", PROMPT, "--out", "{folder}/figure.pdf"),
    ),
    "self-test": ("-m", "inspector.cli", "self-test", "bundled:llama"),
    "the tests of parity": ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/parity"),
    "the window": ("-W", "ignore", "main.py", "--screenshot", "{folder}/window.png"),
}
_DEPENDS = re.compile(r"^\s+(\S+) (\S+) depends on ([A-Za-z0-9_.-]+)\S*?>=?([0-9][0-9.]*)", re.M)


@dataclass(frozen=True)
class Floor:
    """A dependency, what is promised of it, and what was found."""

    name: str
    promised: str
    tried: str
    result: str = ""


def floors(pyproject: Path = ROOT / "pyproject.toml") -> dict[str, Floor]:
    """The lowest version of each dependency that is promised for this Python, by its canonical name."""
    listed = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["dependencies"]
    found = {}
    for requirement in map(Requirement, listed):
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        (lowest,) = (each.version for each in requirement.specifier if each.operator == ">=")
        found[canonicalize_name(requirement.name)] = Floor(requirement.name, lowest, lowest)
    return found


def import_name(name: str) -> str:
    """What a package is imported as."""
    return IMPORTS.get(canonicalize_name(name), name.replace("-", "_"))


def install(python: Path, wanted: Mapping[str, Floor]) -> dict[str, Floor]:
    """Install all together, raising those of which another one asks more; the versions that were tried."""
    tried = dict(wanted)
    while True:
        pins = [f"{one.name}=={one.tried}" for one in tried.values()]
        done = _run([str(python), "-m", "pip", "install", "--progress-bar", "off", "--no-compile", *pins, *RUNNERS])
        if done.returncode == 0:
            return tried
        raised = raise_floors(tried, done.stdout + done.stderr)
        if raised == tried:
            raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        tried = raised


def raise_floors(tried: Mapping[str, Floor], said: str) -> dict[str, Floor]:
    """The floors with those raised that pip says another package asks more of."""
    raised = dict(tried)
    for who, version, name, lowest in _DEPENDS.findall(said):
        one = raised.get(canonicalize_name(name))
        if one is not None and _numbers(lowest) > _numbers(one.tried):
            why = f"cannot be installed: {who} {version} needs {lowest}"
            raised[canonicalize_name(name)] = replace(one, tried=lowest, result=why)
    return raised


def imported(python: Path, tried: Mapping[str, Floor]) -> dict[str, Floor]:
    """What is said of each once it is imported."""
    found = {}
    for key, one in tried.items():
        done = _run([str(python), "-c", f"import {import_name(one.name)}"])
        said = "" if done.returncode == 0 else f"import fails: {_last_line(done.stderr)}"
        found[key] = replace(one, result="; ".join(filter(None, (one.result, said))) or "works")
    return found


def smoke(python: Path, folder: Path) -> dict[str, str]:
    """What became of each thing the program does; empty where it went well."""
    picture = next((ROOT / "resources" / "examples" / "images").glob("digits*.png"))
    found = {}
    for name, command in SMOKE.items():
        filled = [part.format(folder=folder, picture=picture) for part in command]
        done = _run([str(python), *filled])
        found[name] = "" if done.returncode == 0 else _last_line(done.stderr or done.stdout)
    return found


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def table(packages: Iterable[Floor], done: Mapping[str, str]) -> str:
    """One row a package, and one a thing the program does."""
    lines = ["| package | promised | tried | result |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.promised} | {one.tried} | {one.result} |" for one in packages]
    lines += [f"| *{name}* | | | {said or 'works'} |" for name, said in done.items()]
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--venv", type=Path, help="where; a temporary folder otherwise")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venv = given.venv or Path(folder) / "venv"
        python = venv / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        packages = imported(python, install(python, floors()))
        done = smoke(python, Path(folder))
    print(table(packages.values(), done))
    wrong = [one for one in packages.values() if one.result != "works"]
    raise SystemExit(bool(wrong) or any(done.values()))


if __name__ == "__main__":
    main()
