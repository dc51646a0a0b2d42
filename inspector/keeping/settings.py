"""Settings, kept from one start to the next in one JSON file; nothing in it can keep the window from opening."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
import platformdirs
from PySide6.QtCore import QObject, Signal

from engine.protocol.looks import COLOUR_MAPS, CONTRASTS, DEFAULT_COLOUR_MAP, DEFAULT_CONTRAST, Scale
from engine.protocol.rule_names import titled
from engine.protocol.values import TEMPERATURES, Manner, ModelSource
from engine.writing import is_full, is_stream, write_atomically
from inspector.look.theme import Theme
from inspector.state.question import BUNDLED_MODELS

RECENT_MODELS = 8
RECENT_PROMPTS = 12
_LISTED = 20_000  # letters of a prompt that is kept among others
MOST_NEW_TOKENS = 4096
LARGEST_SEED = 2**31 - 1  # that can be typed into a field of numbers
LONGEST_START = 24 * 60 * 60  # seconds: a queue of a cluster may take a night
_LARGEST = 16 * 2**20  # bytes of the file; what is cut there is not understood


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """All settings, each with a default: a file from another version is understood as far as possible."""

    model: ModelSource = BUNDLED_MODELS[0]  # the model opened last, which the next start opens
    prompt: str | None = None  # the prompt asked about last; null until there was one: then the first example
    rules: str = "attnlrp"  # the rule set, by its name
    scale: Scale = "layer"  # what the colours span: each layer, all layers (global), or the target's value
    keep_target: bool = True  # whether the target stays when the prompt is edited
    colour_map: str = DEFAULT_COLOUR_MAP  # the colours of relevance
    contrast: float = DEFAULT_CONTRAST  # the exponent of colours, from 0.35 to 1, which is linear
    without: bool = True  # colours end without the first token and the asked one
    signs: bool = True  # what speaks against is underlined
    values: bool = False  # the relevance of each token stands under it
    lens: bool = False  # what is likeliest after each layer stands beside the layer map
    theme: Theme = "system"  # light, dark, or as the desktop is
    device: str = "auto"  # where models are opened: auto, cpu, cuda, cuda:1, mps
    dtype: str = "auto"  # the type of their numbers: auto, float32, bfloat16, float16
    max_new_tokens: int = 32  # how many tokens Generate adds at most
    temperature: float = 0.0  # 0: the likeliest token each time; from 0.01 to 100: tokens drawn at random
    seed: int = 0  # of the random numbers
    stop_at_line: bool = False  # whether Generate ends with the line
    start_limit: int = 120  # seconds that a worker may say nothing while it starts
    worker_command: str = ""  # the worker, as typed in a shell (ssh gpu lxt-inspector worker); empty: on this machine
    recent_models: tuple[ModelSource, ...] = ()  # models opened lately, the last one first
    recent_prompts: tuple[str, ...] = ()  # prompts explained lately, the last one first
    export_folder: str = ""  # the folder of the last export
    image_folder: str = ""  # the folder of the last picture opened
    geometry: str = ""  # place and size of the window, Qt's bytes in base64
    layout: str = ""  # places of docks and toolbars, likewise
    panes: str = ""  # shares of the panes, likewise

    @property
    def manner(self) -> Manner:
        """How Generate says an answer."""
        return Manner(self.temperature, self.seed, self.stop_at_line)

    def with_prompt(self, prompt: str) -> Settings:
        """The settings after `prompt` was explained; one that is very long is the last prompt, and not listed."""
        others = (known for known in self.recent_prompts if known != prompt)
        listed = (prompt, *others) if 0 < len(prompt) <= _LISTED else tuple(others)
        return msgspec.structs.replace(self, prompt=prompt, recent_prompts=listed[:RECENT_PROMPTS])

    def with_recent(self, source: ModelSource) -> Settings:
        """The settings after `source` was opened."""
        others = (model for model in self.recent_models if model.name != source.name)
        recent = (source, *others)[:RECENT_MODELS]
        return msgspec.structs.replace(self, model=source, recent_models=recent)


DEFAULTS = Settings()


class SettingsFile:
    """The file of settings. Without a path they live as long as the window."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.notice = ""  # what went wrong with the file, for people

    def read(self, otherwise: Settings = DEFAULTS) -> Settings:
        """The settings kept, or `otherwise` where there are none or the file is damaged; that is put aside."""
        if self._path is None:
            return otherwise
        try:
            if is_stream(self._path):
                self.notice = f"{self._path} is no file but a stream: settings live as long as the window."
                self._path = None
                return otherwise
            with self._path.open("rb") as file:
                return _checked(msgspec.json.decode(file.read(_LARGEST + 1), type=Settings))
        except FileNotFoundError:
            return otherwise
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self.notice = f"The settings could not be understood and start afresh ({error}). {self._put_aside()}"
        except OSError as error:
            self.notice = f"The settings in {self._path} could not be read and start afresh: {error.strerror}."
        return otherwise

    def write(self, settings: Settings) -> None:
        """Keep `settings`. A disk that refuses is said in `notice` and stops nothing."""
        if self._path is None:
            return
        try:
            write_atomically(self._path, msgspec.json.format(msgspec.json.encode(settings)), private=True)
        except OSError as error:
            why = "the disk is full" if is_full(error) else error.strerror
            self.notice = f"The settings could not be kept in {self._path}: {why}."

    def _put_aside(self) -> str:
        assert self._path is not None
        aside = self._path.with_suffix(".damaged.json")
        try:
            self._path.replace(aside)
        except OSError:
            return "The damaged file could not be put aside."
        return f"The damaged file is kept as {aside}."


def settings_path() -> Path:
    """The file of this person's settings, `settings.json` in the folder that a desktop has for them.

    Linux: `~/.config/lxt-inspector`, or in `$XDG_CONFIG_HOME`. macOS: `~/Library/Application Support/lxt-inspector`.
    Windows: `%LOCALAPPDATA%\\lxt-inspector\\lxt-inspector`.
    """
    return platformdirs.user_config_path("lxt-inspector") / "settings.json"


def known_folders(settings: Settings) -> set[Path]:
    """The folders that may hold what a killed program left: those of settings, of exports and of pictures."""
    named = (settings.export_folder, settings.image_folder)
    return {settings_path().parent, *(Path(folder) for folder in named if folder)}


def _checked(settings: Settings) -> Settings:
    """The settings without values that mean nothing to this version."""
    if settings.colour_map not in COLOUR_MAPS:
        settings = msgspec.structs.replace(settings, colour_map=DEFAULT_COLOUR_MAP)
    if not CONTRASTS[0] <= settings.contrast <= CONTRASTS[1]:
        settings = msgspec.structs.replace(settings, contrast=DEFAULT_CONTRAST)
    if titled(settings.rules) == settings.rules:  # no rule set is called so
        settings = msgspec.structs.replace(settings, rules=DEFAULTS.rules)
    if not 1 <= settings.max_new_tokens <= MOST_NEW_TOKENS:
        settings = msgspec.structs.replace(settings, max_new_tokens=DEFAULTS.max_new_tokens)
    if settings.temperature and not TEMPERATURES[0] <= settings.temperature <= TEMPERATURES[1]:
        settings = msgspec.structs.replace(settings, temperature=DEFAULTS.temperature)
    if not 0 <= settings.seed <= LARGEST_SEED:
        settings = msgspec.structs.replace(settings, seed=DEFAULTS.seed)
    if not 1 <= settings.start_limit <= LONGEST_START:
        settings = msgspec.structs.replace(settings, start_limit=DEFAULTS.start_limit)
    try:
        shlex.split(settings.worker_command)
    except ValueError:  # a quotation that does not end
        settings = msgspec.structs.replace(settings, worker_command="")
    return settings


class Profile(QObject):
    """The settings in force; every change is kept at once."""

    changed = Signal(object)  # Settings

    def __init__(self, file: SettingsFile) -> None:
        super().__init__()
        self._file = file
        self._settings = file.read()

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def notice(self) -> str:
        """What went wrong with the file last, for people; empty if nothing did."""
        return self._file.notice

    def keep(self, settings: Settings) -> None:
        """Make `settings` those in force."""
        if settings != self._settings:
            self._file.write(_with_changes(self._file.read(self._settings), self._settings, settings))
            self._settings = settings
            self.changed.emit(settings)


def _with_changes(kept: Settings, before: Settings, after: Settings) -> Settings:
    """What is kept with the changes from `before` to `after`: another window keeps its own in the same file."""
    changes = {
        name: getattr(after, name)
        for name in Settings.__struct_fields__
        if getattr(after, name) != getattr(before, name)
    }
    if "recent_models" in changes:
        known = {model.name for model in (*before.recent_models, *after.recent_models)}
        of_others = (model for model in kept.recent_models if model.name not in known)
        changes["recent_models"] = (*after.recent_models, *of_others)[:RECENT_MODELS]
    if "recent_prompts" in changes:
        known_prompts = {*before.recent_prompts, *after.recent_prompts}
        of_others_too = (prompt for prompt in kept.recent_prompts if prompt not in known_prompts)
        changes["recent_prompts"] = (*after.recent_prompts, *of_others_too)[:RECENT_PROMPTS]
    return msgspec.structs.replace(kept, **changes)
