"""The program with its window, from the first line to the exit code."""

from __future__ import annotations

import gc
import shlex
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import get_args

from PySide6.QtWidgets import QApplication

from engine.leftovers import clear_away
from engine.protocol.inputs import Input, Text
from engine.protocol.looks import Look, Unit
from engine.protocol.values import ModelSource
from inspector.client.client import WorkerClient
from inspector.conversations.picturing import PICTURE_MODEL
from inspector.faults import Faults
from inspector.intake.examples import own_example, read_examples
from inspector.keeping.settings import DEFAULTS, Profile, Settings, SettingsFile, known_folders, settings_path
from inspector.look.icons import application_icon
from inspector.look.theme import Theme, apply_theme
from inspector.screenshot import Screenshot
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.state.view import View
from inspector.window import TITLE, Window


@dataclass(frozen=True)
class Options:
    """The window's options on the command line; None is as it was the last time."""

    model: str | None = None
    prompt_file: Path | None = None
    image: Path | None = None
    rules: str | None = None
    layer: int | None = None
    contrast: float | None = None
    theme: str | None = None
    size: tuple[int, int] | None = None
    screenshot: Path | None = None
    unit: Unit | None = None
    values: bool = False  # as it was the last time, else


def run(options: Options) -> int:
    """Open the window and return the exit code once it is closed, or once the screenshot is taken."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal: Qt's loop would not notice Python's
    app = QApplication([TITLE])
    app.setApplicationName(TITLE)
    app.setDesktopFileName("lxt-inspector")
    app.setWindowIcon(application_icon())
    faults = Faults()
    faults.install()
    profile = Profile(SettingsFile(None if options.screenshot else settings_path()))
    settings = profile.settings
    worker = new_worker(settings.worker_command, spare=options.screenshot is None)
    worker.set_start_limit(settings.start_limit)
    worker.start()  # first of all: it takes longest
    apply_theme(app, _theme(options.theme) or settings.theme)
    study = Study(_question(options, settings), View(look=_look(options, settings), lens=settings.lens))
    window = Window(worker, new_figures_worker(), study, profile, new_worker)
    faults.tell(window)
    window.layers.completed.connect(_spare_collector)
    if options.size:
        window.resize(*options.size)
    window.show()
    _spare_collector()
    if not options.screenshot:
        Thread(target=_clear_away_all, args=(known_folders(settings),), daemon=True).start()
    begin(window, options)
    return app.exec()


def new_worker(command: str, spare: bool = True) -> WorkerClient:
    """A client for the worker that `command` starts, or for our own."""
    return WorkerClient(shlex.split(command) or own_worker("engine.worker"), spare)


def new_figures_worker() -> WorkerClient:
    """A client for the worker that draws, which is always our own: its fonts and its LaTeX are those of this machine.

    It has no spare: it starts faster than a person asks again.
    """
    return WorkerClient(own_worker("engine.figures_worker"), spare=False)


def own_worker(module: str) -> list[str]:
    """The command of a worker that comes with this window, wherever either was started."""
    start = f"import sys; sys.path.insert(0, sys.argv.pop(1)); from {module} import main; main()"
    return [sys.executable, "-P", "-c", start, str(Path(__file__).parents[1])]


def begin(window: Window, options: Options) -> None:
    """Do what was asked for on the command line, and open the model."""
    if options.screenshot:
        Screenshot(window, options.screenshot, options.layer)
    window.inquiry.open_model(window.study.question.source)
    if options.prompt_file:
        window.openings.open_prompt(str(options.prompt_file))
    if options.image:
        window.pictures.open(str(options.image))


def _clear_away_all(folders: Iterable[Path]) -> None:
    """Remove what killed exports left, in a thread that nobody waits for: one of the folders may be on a lost drive."""
    for folder in folders:
        clear_away(folder)


def _spare_collector() -> None:
    """Let the collector pass over all that is there by now: it stays, and a look through it takes 40 ms."""
    gc.freeze()


def _look(options: Options, settings: Settings) -> Look:
    """How relevance is looked at to start with."""
    return Look(
        layer=options.layer,
        scale=settings.scale,
        colour_map=settings.colour_map,
        contrast=settings.contrast if options.contrast is None else options.contrast,
        without=settings.without,
        signs=settings.signs,
        unit=options.unit or "token",
        values=settings.values or options.values,
    )


def _question(options: Options, settings: Settings) -> Question:
    """The question to start with: what the command line says, else the last one, else an example."""
    source, prompt = settings.model, settings.prompt
    if options.image is not None and source == DEFAULTS.model:  # which nobody chose, and which takes text
        source = PICTURE_MODEL
    if options.model is not None:
        source = ModelSource(options.model, device=settings.device, dtype=settings.dtype)
    if prompt is None:
        prompt = next((example.prompt for example in read_examples()), "")
    asked: Input = Text(prompt)
    if options.prompt_file is None and options.image is None:
        asked = own_example(source, asked) or asked
    return Question(source, asked, rules=options.rules or settings.rules)


def _theme(name: str | None) -> Theme | None:
    themes: dict[str, Theme] = {theme: theme for theme in get_args(Theme)}
    return themes.get(name or "")
