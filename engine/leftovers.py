"""Names for temporary files and folders that say whose they are, and the clearing away of those nobody has any more."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path

_LONGEST_WORK = 24 * 3600  # seconds; whatever is older is nobody's, whoever has its owner's number now
_OWNER = re.compile(r"lxt-[a-z]+-([0-9a-f]{8})-(\d+)-")


def prefix(what: str) -> str:
    """How the names of this process's temporary files begin; `what` is a word for what they are."""
    return f"lxt-{what}-{_host()}-{os.getpid()}-"


def clear_away(folder: Path) -> None:
    """Remove what processes that were killed left in `folder`. What cannot be read or removed stays."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            owner = _OWNER.match(entry.name.removeprefix("."))
            if owner is not None and _is_nobodys(entry, owner[1], int(owner[2])):
                _remove(entry)


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _is_nobodys(entry: os.DirEntry[str], host: str, pid: int) -> bool:
    with suppress(OSError):
        if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LONGEST_WORK:
            return True
        return host == _host() and not _runs(pid)
    return False


def _runs(pid: int) -> bool:
    if sys.platform == "win32":  # where asking would end it
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        with suppress(OSError):
            Path(entry.path).unlink()
