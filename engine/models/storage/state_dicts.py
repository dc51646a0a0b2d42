"""Reads the weights in a file (a state_dict) and puts them into a module."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.models.storage.checkpoint import stored_tensors
from engine.models.storage.entries import damaged
from engine.models.storage.reading_files import Reading
from engine.protocol.failures import ModelError

_PARALLEL = "module."  # what DataParallel puts before every name
_ZIP, _PICKLE = b"PK", b"\x80"  # how files of torch.save begin, of today and of before 2020
_INSIDE = ("state_dict", "model")  # where training scripts put the weights among other things


def tensors_in(path: Path) -> dict[str, Tensor]:
    """The weights in a file by their names in the model. A pickle that holds more than weights is refused."""
    if path.suffix == ".safetensors":
        list(stored_tensors(path))  # says in which way a file is damaged
    require_weights([path])
    with Reading(f"the file “{path.name}”"):
        if path.suffix == ".safetensors":
            found: Any = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    for key in _INSIDE:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not found or not all(isinstance(one, Tensor) for one in found.values()):
        raise ModelError(f"“{path.name}” holds no state_dict: save model.state_dict() and open that.", "model_damaged")
    return {str(key).removeprefix(_PARALLEL): value for key, value in found.items()}


def require_weights(files: Sequence[Path]) -> None:
    """Raises ModelError where a pickle is none, is cut short, or is a TorchScript archive: a program with weights."""
    for path in files:
        if path.suffix in (".safetensors", ".gguf"):
            continue
        with path.open("rb") as file:
            begins = file.read(2)
        if not begins.startswith((_ZIP, _PICKLE)):
            raise damaged(path.name, "it does not begin as a file of weights does")
        if not zipfile.is_zipfile(path):
            if begins == _ZIP:
                raise damaged(path.name, "it begins as an archive and is cut short")
            continue
        with Reading(f"the file “{path.name}”"), zipfile.ZipFile(path) as archive:
            is_program = any(name.endswith("/constants.pkl") for name in archive.namelist())
        if is_program:
            raise ModelError(
                f"“{path.name}” is a TorchScript archive, a program that is never run: save the state_dict of the "
                "module it was made of, and open that.",
                "model_damaged",
            )


def require_file(path: Path, whose: str) -> None:
    """Raises ModelError where there is no file of weights at `path`."""
    try:
        there = path.is_file()
    except OSError:  # such as a name longer than any file's
        there = False
    if not there:
        raise ModelError(f"“{path}” is neither a file nor the name of weights of {whose}.", "model_not_found")


def filled(built: Callable[..., nn.Module], weights: Mapping[str, Tensor], shown: str) -> nn.Module:
    """What `built` makes, with as many classes as `weights` have, and with these."""
    module = built()
    head = head_name(module)
    if (weight := weights.get(f"{head}.weight")) is None:
        raise ModelError(f"“{shown}” does not hold the weights of a {type(module).__name__}: it has no {head}.weight.")
    if len(weight) != count_classes(module):
        module = built(num_classes=len(weight))
    fill(module, weights, shown)
    return module


def fill(module: nn.Module, weights: Mapping[str, Tensor], shown: str) -> None:
    """Loads `weights`. Raises ModelError where some are missing, left over or of another shape."""
    what = f"a {type(module).__name__}"
    own = module.state_dict()
    missing = sorted(own.keys() - weights.keys() - {key for key in own if key.endswith("num_batches_tracked")})
    if missing:
        raise ModelError(
            f"“{shown}” lacks {len(missing)} of the weights of {what}: {', '.join(missing[:3])}.", "model_damaged"
        )
    if unknown := sorted(weights.keys() - own.keys()):
        raise ModelError(f"“{shown}” has weights that {what} has not: {', '.join(unknown[:3])}.", "model_damaged")
    for key, value in weights.items():
        if value.shape != own[key].shape:
            raise ModelError(
                f"“{shown}” is not of this {what[2:]}: its {key} is {tuple(value.shape)}, not {tuple(own[key].shape)}.",
                "model_damaged",
            )
    module.load_state_dict(weights, strict=False)


def head_name(module: nn.Module) -> str:
    """The name of the map that gives the logits: the last there is, linear or, in fully convolutional nets, not."""
    maps: list[str] = [name for name, part in module.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)]
    return maps[-1]


def count_classes(module: nn.Module) -> int:
    """How many classes `module` chooses from."""
    return len(module.get_submodule(head_name(module)).get_parameter("weight"))
