"""Endings of a command: its file written, or a line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from engine.protocol.failures import EngineError
from inspector.command_line.saying import say


@contextmanager
def explained() -> Iterator[None]:
    """Failures become a line on stderr and an exit code; what is left as a traceback is a defect."""
    try:
        yield
    except KeyboardInterrupt:
        say("Interrupted.", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except (EngineError, MemoryError, RuntimeError) as error:
        from engine.runs import failure

        failed = failure(error)
        if failed.kind == "internal" and not isinstance(error, EngineError):
            raise
        say(" ".join(failed.message.split()), err=True)
        raise typer.Exit(1) from None
