"""Saves onto a disk that is really full: a small tmpfs, which only root may mount.

python -m tests.campaigns.full_disks

The disk has no byte left, room for the beginning of the file, or no place for another name. Whatever is saved, one
sentence says that the disk is full, the old file is kept, and nothing half-written is there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.figures.rendering import render
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.failures import EngineError
from engine.protocol.messages import Export, FigureFormat
from engine.writing import write_file
from inspector.keeping.settings import Settings, SettingsFile
from tests.campaigns import hanging
from tests.campaigns.saves import OLD, Outcome, table
from tests.engine.figures.made_relevance import relevance

FORMS: tuple[FigureFormat, ...] = ("csv", "json", "png", "tex", "pdf")
WORDS = [f" word{number}" for number in range(400)]  # so many that no figure fits into a page of memory
PAGE = os.sysconf("SC_PAGE_SIZE")
ROOMS = ("no room", "room for a part", "no names")
BY_LATEX = "a PDF by LaTeX"  # which goes well on a full disk where there is no TeX


def figure(form: FigureFormat) -> bytes:
    """A figure that takes several pages of memory."""
    with hanging.environment(PATH="/nowhere"):  # without LaTeX: the PDF is the same everywhere
        return render(Export(relevance(WORDS), form)).data


def _keep(path: Path) -> None:
    file = SettingsFile(path)
    file.write(Settings(prompt="long " * PAGE))
    raise EngineError(file.notice)


def _set_latex(path: Path) -> None:
    """Have a PDF set while the temporary folder is on the full disk."""
    with hanging.temporary_folder(path.parent):
        assert is_whole_pdf(render(Export(relevance(["a", " b"]), "pdf")).data)


def _figure(form: FigureFormat, data: bytes) -> Callable[[Path], None]:
    return lambda path: write_file(path, data)


def saves() -> dict[str, tuple[str, Callable[[Path], None]]]:
    """What is saved: the file's name, and the act."""
    figures = {f"a .{form}": (f"figure.{form}", _figure(form, figure(form))) for form in FORMS}
    return {**figures, "settings": ("settings.json", _keep), BY_LATEX: ("old.tex", _set_latex)}


def outcomes(folder: Path, rooms: Iterable[str] = ROOMS) -> Iterator[Outcome]:
    """What is wrong after each save on a full disk, mounted in `folder`: first of a new file, then over an old one."""
    for room in rooms:
        for name, (file, act) in saves().items():
            for step, old in enumerate((b"", OLD)):
                with mounted(folder) as disk:
                    path = disk / file
                    if old:
                        path.write_bytes(old)
                    _fill(disk, room)
                    yield Outcome(name, room, step, _wrong(path, old, act, may_go_well=name == BY_LATEX))


def _wrong(path: Path, old: bytes, act: Callable[[Path], None], may_go_well: bool) -> str:
    before = {each.name for each in path.parent.iterdir()}
    wrong = []
    try:
        act(path)
        if not may_go_well:
            wrong.append("nothing was said")
    except EngineError as error:
        if not re.search("disk( with .*)? is full", str(error)):
            wrong.append(f"it says: {error}")
    except Exception as error:
        wrong.append(f"it raises {type(error).__name__}: {error}")
    if left := {each.name for each in path.parent.iterdir()} ^ before:
        wrong.append(f"other files: {sorted(left)}")
    if old and path.read_bytes() != old:
        wrong.append("the old file is gone")
    return "; ".join(wrong)


def _fill(disk: Path, room: str) -> None:
    if room == "no names":
        try:
            for number in range(100):
                (disk / f"name{number}").touch()
        except OSError:
            return
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(free - (PAGE if room == "room for a part" else 0)))


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A disk of one MB and 32 names. Raises PermissionError where mounting is not allowed."""
    place = folder / "disk"
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=32", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError as error:
        raise PermissionError("there is no mount") from error
    if done.returncode != 0:
        raise PermissionError(done.stderr.strip())
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = list(outcomes(Path(folder)))
    print(table(found))
    raise SystemExit(any(one.wrong for one in found))


if __name__ == "__main__":
    main()
