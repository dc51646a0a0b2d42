"""The figures' worker process: draws for the window it runs beside, so that no figure waits for a model.

It is a worker as the model's is, frames and runs and endings, but without torch: it is there in a moment.
"""

from __future__ import annotations

import os
import platform
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from engine.figures import render
from engine.figures.typesetting import abandon
from engine.leftovers import clear_away
from engine.protocol.failures import ProtocolError
from engine.protocol.frames import PROTOCOL, Hello
from engine.protocol.messages import Export, Exported, ExportGrid, ExportInside, Request
from engine.watch import Watch
from engine.worker import begin


def main() -> NoReturn:
    """Be the figures' worker until stdin ends."""
    voice, runs = begin(abandon)
    voice.greet(Hello(PROTOCOL, {"python": platform.python_version()}, (), os.getpid()))
    clear_away(Path(tempfile.gettempdir()))
    import_module("engine.figures.rendering")  # what draws, before the first figure is asked for
    runs.answer(answer)


def answer(request: Request, watch: Watch) -> Exported:
    """The figure. Raises EngineError, also where something else than a figure is asked for, and Stopped."""
    match request:
        case Export() | ExportGrid() | ExportInside():
            return render(request, watch)
        case _:
            asked = type(request).__name__
            raise ProtocolError(f"This worker draws figures and holds no model: {asked} is for the model's worker.")


if __name__ == "__main__":
    main()
