"""Endings of a command: its file written, or a line on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from engine.protocol.failures import EngineError
from inspector.keeping.writing import write_atomically


@contextmanager
def explained() -> Iterator[None]:
    """Failures become a line on stderr and an exit code; what is left as a traceback is a defect."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except (EngineError, MemoryError, RuntimeError) as error:
        from engine.runs import failure

        failed = failure(error)
        if failed.kind == "internal" and not isinstance(error, EngineError):
            raise
        typer.echo(" ".join(failed.message.split()), err=True)
        raise typer.Exit(1) from None


def write(path: Path, data: bytes) -> None:
    """The file as a whole or not at all. Raises EngineError."""
    try:
        write_atomically(path, data)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
        reason = "the disk is full" if full else error.strerror or str(error)
        raise EngineError(f"“{path}” could not be written: {reason}.", "disk_full" if full else "internal") from error
