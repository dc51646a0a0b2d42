"""What the palette finds: commands, layers, models, examples and preferences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from inspector.actions.actions import Actions
from inspector.actions.commands import COMMANDS
from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.palette import Entry
from inspector.dialogs.preferences import SETTINGS
from inspector.dialogs.shortcuts import native_keys
from inspector.handlers.dialog_handler import DialogHandler
from inspector.handlers.opening_handler import OpeningHandler
from inspector.handlers.picture_handler import PictureHandler
from inspector.intake.examples import read_examples, read_image_examples
from inspector.keeping.settings import Settings
from inspector.look.visible_text import visible
from inspector.panes.toolbar import brief_title_of
from inspector.state.legends import layer_title
from inspector.state.question import BUNDLED_MODELS
from inspector.state.study import Study

_LONGEST = 80  # letters of a prompt
_RECENT, _BUNDLED, _PROMPT = "model opened lately", "bundled model", "prompt explained lately"


def palette_entries(
    commands: Actions,
    inquiry: Inquiry,
    dialogs: DialogHandler,
    openings: OpeningHandler,
    pictures: PictureHandler,
    settings: Settings,
    devices: Sequence[str],
) -> list[Entry]:
    """All that can be done now."""
    return [
        *_of_commands(commands),
        *_of_layers(inquiry.study),
        *_of_models(inquiry, openings, settings),
        *(
            Entry(f"Example: {each.title}", each.task, partial(openings.open_example, each), each.task)
            for each in read_examples()
        ),
        *(
            Entry(f"Example: {each.title}", "picture", partial(pictures.open_example, each), "picture")
            for each in read_image_examples()
        ),
        *(
            Entry(f"Prompt: {_in_a_line(prompt)}", _PROMPT, partial(inquiry.use_prompt, prompt), _PROMPT)
            for prompt in settings.recent_prompts
        ),
        *(
            Entry(f"Preferences: {title}", "setting", partial(dialogs.preferences, devices, setting), "setting")
            for setting, title in SETTINGS.items()
        ),
    ]


def _in_a_line(prompt: str) -> str:
    """The beginning of a prompt."""
    words = visible(" ".join(prompt.split()))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _of_commands(commands: Actions) -> Iterator[Entry]:
    for command in COMMANDS:
        action = commands[command.id]
        if action.isEnabled():
            keys = native_keys(command.shortcuts[0]) if command.shortcuts else ""
            yield Entry(command.name, command.help, action.trigger, keys)


def _of_layers(study: Study) -> Iterator[Entry]:
    relevance = study.scene.relevance
    for layer in range(0 if relevance is None else len(relevance.layers)):
        assert relevance is not None
        place = layer_title(layer, relevance)
        yield Entry(f"Layer {layer}", place, partial(study.look_at_layer, layer), place)


def _of_models(inquiry: Inquiry, openings: OpeningHandler, settings: Settings) -> Iterator[Entry]:
    recent = settings.recent_models
    for source in recent:
        yield Entry(f"Open {brief_title_of(source)}", _RECENT, partial(inquiry.open_model, source), _RECENT)
    for source in BUNDLED_MODELS:
        if source.name not in {each.name for each in recent}:
            yield Entry(f"Open {source.name}", _BUNDLED, partial(openings.open_model, source.name), _BUNDLED)
