"""Writes files as a whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from engine.leftovers import clear_away, prefix
from engine.protocol.failures import EngineError, FailureKind

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_REASONS = {
    **dict.fromkeys(_FULL, "the disk is full. Make room there, or choose another folder"),
    **dict.fromkeys(_REFUSED, "that is not allowed there. Choose another folder, or allow it"),
    errno.ENAMETOOLONG: "the name is too long. Choose a shorter one",
    errno.ENOTDIR: "what should be its folder is none. Choose another folder",
    errno.EISDIR: "there is a folder of that name. Choose another name",
    errno.EFBIG: "it is larger than files may be there. Choose another folder",
    errno.ELOOP: "its links lead in a circle. Choose another name",
}


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` as `write_atomically` does. Raises EngineError (disk_full, figure_failed)."""
    try:
        write_atomically(path, data)
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = _REASONS.get(number or 0) or getattr(error, "strerror", None) or str(error)
        kind: FailureKind = "disk_full" if number in _FULL else "figure_failed"
        raise EngineError(f"“{path}” could not be written: {reason}.", kind) from error


def is_full(error: OSError) -> bool:
    """Whether it says that the disk, or a person's share of it, is full."""
    return error.errno in _FULL


def check_place(path: Path) -> None:
    """Raises EngineError where no file can be called `path`: to be known before work is put into its content."""
    try:
        path.lstat()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP):
            raise EngineError(f"“{path}” could not be written: {_REASONS[error.errno]}.", "figure_failed") from error


def write_atomically(path: Path, data: bytes, private: bool = False) -> None:
    """Put `data` at `path`: what was there stays until every byte of the new file is on the disk. Raises OSError.

    Folders that lack are made. Through a link, the file that it leads to is written. What is no file but a device or a
    pipe is written to as it is. Only its owner can read a `private` file.
    """
    path = _destination(path)
    if is_stream(path):
        path.write_bytes(data)
        return
    lacking = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_away_once(path.parent)
        _replace(path, data, private)
    except BaseException:
        for folder in lacking:
            with suppress(OSError):
                folder.rmdir()
        raise


def is_stream(path: Path) -> bool:
    """Whether a pipe, a socket or a device stands there: who reads or writes it may wait for ever. Raises OSError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _replace(path: Path, data: bytes, private: bool) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{prefix('file')}", dir=path.parent)
    written = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:  # a raw write may take a part only
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        written.chmod(0o600 if private else _permissions(path))
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _destination(path: Path) -> Path:
    """Where the links lead; a link that cannot be read is an error and not a file to replace."""
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return Path(os.path.realpath(path))


@cache
def _clear_away_once(folder: Path) -> None:
    clear_away(folder)


def _permissions(path: Path) -> int:
    """The old file's permissions, or those of any new file: a temporary one is for its owner only."""
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
