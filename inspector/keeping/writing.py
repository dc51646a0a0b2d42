"""Writes files as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`: what was there stays until every byte of the new file is on the disk. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    written = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:  # a raw write may take a part only
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        _take_over_permissions(written, path)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _take_over_permissions(written: Path, path: Path) -> None:
    """Give the new file the old one's permissions, or those of any new file: a temporary one is for its owner only."""
    if path.exists():
        mode = path.stat().st_mode & 0o777
    else:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    written.chmod(mode)
