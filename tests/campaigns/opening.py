"""A process that opens damaged files as a user's request does, one a line of stdin, and says how each ended.

`python -m tests.campaigns.opening ORIGINALS` reads "KIND SEED" and writes a JSON object for each.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from engine.protocol.inputs import Chat, Message, Picture, Text
from engine.protocol.messages import Explain, Failed, Generate, Load, Tokenize
from engine.protocol.picture_files import read_image
from engine.protocol.values import ModelSource
from engine.runs import failure
from engine.session import Session
from engine.watch import Watch
from inspector.keeping.settings import SettingsFile
from tests.campaigns.damaging import damage

ROOM = 3 << 30  # bytes that an opening may take beside what the process has
MUCH = 1 << 30  # bytes that no small file may take


def open_all(session: Session, folder: Path, kind: str) -> None:
    """Opens the files of a kind as the window does, and asks one question."""
    if kind == "settings":
        SettingsFile(folder / "settings.json").read()
        return
    if kind == "pictures":
        for file in sorted(folder.iterdir()):
            picture = Picture(read_image(file))
            session.answer(Explain(ModelSource("bundled:vit"), picture), Watch())
        return
    source = ModelSource(str(folder / "tiny.gguf" if kind == "gguf" else folder))
    session.answer(Load(source), Watch())
    if kind in ("vit", "described"):
        picture = Picture(read_image(folder.parent / "noise.png"))
        session.answer(Explain(source, picture), Watch())
        return
    session.answer(Tokenize(source, Text("The team 1922")), Watch())
    session.answer(Explain(source, Text("The team 1922")), Watch())
    if kind in ("llama", "gguf"):
        session.answer(Generate(source, Text("The team 1922"), 3), Watch())
    if kind == "llama":
        session.answer(Explain(source, Chat((Message("user", "The team"),))), Watch())


def ended(originals: Path, kind: str, seed: str) -> dict[str, object]:
    """Damages and opens; how that ended."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / kind
        shutil.copytree(originals / kind, folder)
        shutil.copy(originals / "pictures" / "noise.png", scratch)
        done = damage(folder, f"{kind}/{seed}")
        if kind == "pictures":  # the damaged one alone
            for file in folder.iterdir():
                if file.name != done.partition(":")[0]:
                    file.unlink()
        before = _forget_peak()
        failed: Failed | None = None
        session = Session()
        try:
            open_all(session, folder, kind)
        except BaseException as error:
            failed = failure(error)
        return {
            "done": done,
            "kind": failed and failed.kind,
            "message": failed and failed.message,
            "details": failed and failed.traceback[-3000:],
            "bytes": _peak() - before,
        }


def _forget_peak() -> int:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    originals = Path(sys.argv[1])
    voice = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as scratch:  # imports what takes long
        for kind in ("llama", "pictures"):
            shutil.copytree(originals / kind, Path(scratch) / kind)
            open_all(Session(), Path(scratch) / kind, kind)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, resource.RLIM_INFINITY))
    print("ready", file=voice, flush=True)
    for line in sys.stdin:
        kind, seed = line.split()
        print(json.dumps(ended(originals, kind, seed)), file=voice, flush=True)


if __name__ == "__main__":
    main()
