"""Runs the tests as on a machine that has little: no X libraries, no display server, no LaTeX, no poppler, no fonts.

python -m tests.campaigns.bare_machine
python -m tests.campaigns.bare_machine --lacking latex fonts -- -q -n 2 tests/engine/figures

The commands, libraries and folders are removed from a layer over /usr that only this run sees (Linux, as root): nothing
of the machine is touched. What follows `--` is for pytest. Whatever a machine lacks must be a skip with its reason.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LACKING = {  # by what it is called: patterns under /usr
    "latex": ["bin/*tex", "bin/*latex*", "bin/tectonic", "share/texmf*", "share/texlive"],
    "poppler": ["bin/pdf*"],
    "fonts": ["share/fonts", "bin/fc-*"],
    "display": ["bin/Xvfb", "bin/xdotool", "bin/xauth"],
    "libraries": [
        f"lib/*/{name}*"
        for name in (
            "libxcb",
            "libX",
            "libEGL",
            "libGL",
            "libOpenGL",
            "libxkbcommon",
            "libdbus",
            "libfontconfig",
        )
    ],
}


def script(lacking: list[str], command: list[str], layer: Path) -> str:
    """What a shell does in a mount namespace of its own: a layer over /usr, removals in it, and the command."""
    patterns = " ".join(f"/usr/{pattern}" for name in lacking for pattern in LACKING[name])
    return "\n".join(
        [
            "set -e",
            f"mount -t tmpfs tmpfs {layer}",
            f"mkdir {layer}/upper {layer}/work",
            f"mount -t overlay overlay -o lowerdir=/usr,upperdir={layer}/upper,workdir={layer}/work /usr",
            f"rm -rf {patterns}",
            f"exec {shlex.join(command)}",
        ]
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lacking", nargs="+", choices=list(LACKING), default=list(LACKING))
    options.add_argument("arguments", nargs="*", default=["-q", "-n", "auto"], help="of pytest, behind --")
    given = options.parse_args()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *given.arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with tempfile.TemporaryDirectory() as layer:
        shell = ["unshare", "--mount", "sh", "-c", script(given.lacking, command, Path(layer))]
        raise SystemExit(subprocess.run(shell, cwd=ROOT, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
