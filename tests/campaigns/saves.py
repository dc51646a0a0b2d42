"""Lets every save go wrong at every step it takes of the system, and looks at what is there afterwards.

python -m tests.campaigns.saves
python -m tests.campaigns.saves --saves settings --faults killed
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from engine.figures.rendering import render
from engine.leftovers import clear_away
from engine.protocol.failures import EngineError
from engine.protocol.messages import Export
from engine.writing import write_atomically, write_file
from inspector.keeping.settings import Settings, SettingsFile
from tests.engine.figures.made_relevance import relevance

OLD = b"what was there before"
NEW = {form: render(Export(relevance(["a", " b"]), form)).data for form in ("csv", "json", "png", "tex")}
STEPS = {  # what the system is asked for
    *("open", "fdopen", "write", "fsync", "chmod", "replace", "rename"),
    *("mkdir", "stat", "lstat", "readlink", "scandir", "unlink"),
}
FAULTS = {"full": errno.ENOSPC, "refused": errno.EACCES, "interrupted": errno.EINTR, "killed": None}
_DONE, _FAILED, _SWALLOWED = 0, 3, 4  # how a child ends: without the fault, with it, or in spite of it


@dataclass(frozen=True)
class Save:
    """One way to write a file: what is in the folder before, the file, and the act."""

    prepare: Callable[[Path], None]
    target: str
    act: Callable[[Path], None]


def _nothing(folder: Path) -> None:
    pass


def _old(name: str) -> Callable[[Path], None]:
    return lambda folder: _put(folder / name)


def _put(path: Path) -> None:
    path.write_bytes(OLD)


def _linked(folder: Path) -> None:
    _put(folder / "far.csv")
    (folder / "figure.csv").symlink_to(folder / "far.csv")


def _settings(folder: Path) -> None:
    SettingsFile(folder / "settings.json").write(Settings(prompt="new"))
    if not _is(folder / "settings.json", OLD):
        return
    raise OSError("not kept, which the notice says")


def _figure(name: str) -> Callable[[Path], None]:
    return lambda folder: write_file(folder / name, NEW[name.rpartition(".")[2]])


SAVES = {
    **{f"a new .{form}": Save(_nothing, f"figure.{form}", _figure(f"figure.{form}")) for form in NEW},
    **{
        f"over an old .{form}": Save(_old(f"figure.{form}"), f"figure.{form}", _figure(f"figure.{form}"))
        for form in NEW
    },
    "in new folders": Save(_nothing, "one/two/figure.csv", _figure("one/two/figure.csv")),
    "through a link": Save(_linked, "far.csv", _figure("figure.csv")),
    "private": Save(
        _old("kept.csv"), "kept.csv", lambda at: write_atomically(at / "kept.csv", NEW["csv"], private=True)
    ),
    "settings": Save(_old("settings.json"), "settings.json", _settings),
}


@dataclass(frozen=True)
class Outcome:
    """What was there after one fault at one step."""

    save: str
    fault: str
    step: int
    wrong: str  # empty where nothing is


def outcomes(saves: Iterable[str] = tuple(SAVES), faults: Iterable[str] = tuple(FAULTS)) -> Iterator[Outcome]:
    """Every save with every fault at every step, until there is none to go wrong."""
    for save in saves:
        for fault in faults:
            for step in range(1000):
                with tempfile.TemporaryDirectory() as name:
                    reached, wrong = _tried(SAVES[save], FAULTS[fault], step, Path(name))
                if not reached:
                    break
                yield Outcome(save, fault, step, wrong)


def _tried(save: Save, number: int | None, step: int, folder: Path) -> tuple[bool, str]:
    save.prepare(folder)
    before = _names(folder)
    child = os.fork()
    if child == 0:
        _act(save, number, step, folder)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    target = folder / save.target
    is_new = target.exists() and not _is(target, OLD)
    if number is None and ended == -signal.SIGKILL:
        for place in {folder, *(path for path in folder.rglob("*") if path.is_dir())}:
            clear_away(place)  # what a killed one leaves goes with the next save
    left = _names(folder) - before - _ways_to(save.target)
    wrong = [f"left behind: {sorted(left)}"] if left else []
    if is_new and not _is_whole(target):
        wrong.append("the file is half written")
    if not is_new and before and not _is(target, OLD):
        wrong.append("the old file is gone")
    if ended == _FAILED and not is_new and (made := _names(folder) - before):
        wrong.append(f"made for nothing: {sorted(made)}")
    if ended in (_DONE, _SWALLOWED) and not is_new:
        wrong.append("nothing was said, and the old file is there")
    if ended not in (_DONE, _FAILED, _SWALLOWED, -signal.SIGKILL):
        wrong.append(f"ended with {ended}")
    return ended != _DONE, "; ".join(wrong)


def _act(save: Save, number: int | None, step: int, folder: Path) -> None:
    """In a child of its own: save, with the fault at the step."""
    steps = 0

    def at_call(frame: FrameType, event: str, function: object) -> None:
        nonlocal steps
        if event != "c_call" or getattr(function, "__name__", "") not in STEPS:
            return
        steps += 1
        if steps == step + 1:
            if number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(number, os.strerror(number))

    code = 1
    try:
        sys.setprofile(at_call)
        save.act(folder)
        code = _SWALLOWED if steps > step else _DONE
    except (OSError, EngineError):
        code = _FAILED
    finally:
        os._exit(code)


def _is_whole(path: Path) -> bool:
    data = path.read_bytes()
    return data in NEW.values() or (path.name == "settings.json" and data.rstrip().endswith(b"}"))


def _is(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _ways_to(name: str) -> set[str]:
    return {name, *(str(folder) for folder in Path(name).parents)}


def table(found: Iterable[Outcome]) -> str:
    """One row a save: at how many steps it went wrong in each way, and where that left something wrong."""
    found = list(found)
    faults = list(dict.fromkeys(one.fault for one in found))
    lines = [f"| save | {' | '.join(faults)} | wrong |", "|---" * (len(faults) + 2) + "|"]
    for save in dict.fromkeys(one.save for one in found):
        own = [one for one in found if one.save == save]
        counts = [str(sum(one.fault == fault for one in own)) for fault in faults]
        wrong = "; ".join(f"{one.fault} at {one.step}: {one.wrong}" for one in own if one.wrong)
        lines.append(f"| {save} | {' | '.join(counts)} | {wrong} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--saves", nargs="+", choices=SAVES, default=list(SAVES))
    options.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    given = options.parse_args()
    found = list(outcomes(given.saves, given.faults))
    print(table(found))
    raise SystemExit(any(one.wrong for one in found))


if __name__ == "__main__":
    main()
