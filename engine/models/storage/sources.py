"""Sources of models by their names: bundled, a folder, a GGUF file, an architecture or a model on the hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.protocol.failures import ModelError
from engine.protocol.values import library_of
from engine.shipped import shipped

BUNDLED_PREFIX = "bundled:"

_HUB_ID = re.compile(r"[\w][\w.\-]*(/[\w][\w.\-]*)?")


@dataclass(frozen=True)
class Folder:
    """A folder in Hugging Face format, weights and tokenizer in it."""

    path: Path
    bundled: bool = False


@dataclass(frozen=True)
class GgufFile:
    """One file that holds weights, settings and tokenizer, most often quantized."""

    path: Path


@dataclass(frozen=True)
class HubModel:
    """A model on the Hugging Face hub, or in the local cache of it."""

    id: str


@dataclass(frozen=True)
class NamedArchitecture:
    """An image classifier of torchvision or timm; its weights are named apart."""

    library: str
    name: str


Place = Folder | GgufFile | NamedArchitecture | HubModel


def locate(name: str) -> Place:
    """Where the model called `name` is. What is on this disk goes before a hub id that reads the same."""
    if name.startswith(BUNDLED_PREFIX):
        return Folder(bundled_folder(name), bundled=True)
    if library := library_of(name):
        return NamedArchitecture(library, name.removeprefix(f"{library}:"))
    if not name.strip():
        raise ModelError("Name a model: a bundled one, a folder, a .gguf file or a hub id.", "model_not_found")
    try:
        return _located(name, expanded(name))
    except OSError as error:
        raise ModelError(
            f"“{name}” cannot be looked at: {error.strerror}. Name a folder, a .gguf file or a hub id.",
            "model_not_found",
        ) from error


def expanded(name: str) -> Path:
    """The path `name` with the folder of the user that it begins with. Raises ModelError where nobody is called so."""
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        user = Path(name).parts[0]
        raise ModelError(f"There is no “{name}”: “{user}” is no user's folder here.", "model_not_found") from error


def _located(name: str, path: Path) -> Place:
    if path.suffix.lower() == ".gguf" and (path.is_file() or _means_a_path(name)):
        if not path.is_file():
            raise ModelError(f"There is no file “{name}”.", "model_not_found")
        return GgufFile(path.resolve())
    if path.is_dir():
        return Folder(path.resolve())
    if path.is_file():
        raise ModelError(
            f"“{name}” is a file, but not a .gguf file. Open the folder that holds config.json and the weights.",
            "model_unsupported",
        )
    if _means_a_path(name) or not _HUB_ID.fullmatch(name):
        raise ModelError(
            f"There is no folder “{name}”, and it cannot be a hub id: those read “owner/model”.", "model_not_found"
        )
    return HubModel(name)


def bundled_models() -> dict[str, Path]:
    """The models that come with the program, by name."""
    root = _bundled_root()
    if not root.is_dir():
        return {}
    folders = sorted(folder for folder in root.iterdir() if (folder / "config.json").is_file())
    return {BUNDLED_PREFIX + folder.name: folder for folder in folders}


def bundled_folder(name: str) -> Path:
    """The folder of a bundled model."""
    known = bundled_models()
    if name not in known:
        raise ModelError(f"There is no bundled model “{name}”. There are: {', '.join(known)}.", "model_not_found")
    return known[name]


def _bundled_root() -> Path:
    # The wheel is always installed as files: transformers maps weights from disk and could not read them elsewhere.
    return shipped("models")


def _means_a_path(name: str) -> bool:
    return name.startswith(("/", "./", "../", "~", ".\\", "..\\")) or "\\" in name or name.count("/") > 1 or ":" in name
