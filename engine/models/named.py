"""Image classifiers of torchvision: by the name of their architecture, or from a folder that says how they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import WeightsEnum
from torchvision.transforms import InterpolationMode, v2

from engine.models.checkpoint import Checkpoint, stored_tensors
from engine.models.loading import Reading
from engine.models.progress import AskCancelled, ReportProgress
from engine.models.published import fetch_weights
from engine.protocol.failures import ModelError

_SEED = 0  # of random weights: the same name is the same model every time
_WITH_AUXILIARIES = ("googlenet", "inception_v3")  # heads that help in training alone
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
_PARALLEL = "module."  # what DataParallel puts before every name
_INSIDE = ("state_dict", "model")  # where training scripts put the weights among other things


@dataclass(frozen=True, eq=False)
class Classifier:
    """A module that classes pictures, how it is shown one, and what its classes are called."""

    module: nn.Module
    preprocess: Callable[[Image.Image], Tensor]  # gives (3, height, width)
    labels: tuple[str, ...]


def named_classifier(
    name: str, weights: str | None, progress: ReportProgress | None, cancelled: AskCancelled | None
) -> Classifier:
    """The torchvision model `name` with random weights, published ones, or those in a file."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0)
        raise ModelError(
            f"torchvision has no classifier “{name}”. Nearest are {', '.join(f'torchvision:{one}' for one in near)}.",
            "model_not_found",
        )
    published = torchvision.models.get_model_weights(name)
    if weights is not None and (weights == "DEFAULT" or weights in published.__members__):
        chosen = published[weights]
        fetch_weights(chosen.url, progress, cancelled)
        return _presented(_built(name, chosen), [chosen])
    if weights is not None:
        return _presented(_from_file(name, Path(weights).expanduser(), published), list(published))
    module = _built(name)
    found = _presented(module, list(published))
    return Classifier(module, found.preprocess, ())  # random weights know no classes


def described_classifier(checkpoint: Checkpoint) -> Classifier:
    """The model of a folder whose config.json names a class of torchvision, its arguments, labels and preprocessing."""
    settings = checkpoint.settings()
    name, labels = settings.get("architecture"), settings.get("labels", [])
    class_ = getattr(torchvision.models, str(name), None)
    if not isinstance(class_, type) or not issubclass(class_, nn.Module):
        raise ModelError(f"“{checkpoint.shown}” is a {name}, which torchvision does not have.")
    with Reading(f"the settings of “{checkpoint.shown}”"):
        module = class_(**settings["arguments"])
        preprocess = _preprocessing(**settings["preprocessing"])
    for path in checkpoint.weight_files():
        _fill(module, _tensors(path), checkpoint.shown)
    return Classifier(module.eval(), preprocess, tuple(map(str, labels)))


def _built(name: str, weights: WeightsEnum | None = None, **arguments: Any) -> nn.Module:
    if name in _WITH_AUXILIARIES:
        arguments["aux_logits"] = False
        if weights is None:
            arguments["init_weights"] = True
    with torch.random.fork_rng(devices=[]), Reading(f"torchvision's {name}"):
        torch.manual_seed(_SEED)
        return torchvision.models.get_model(name, weights=weights, **arguments).eval()


def _presented(module: nn.Module, presets: Sequence[WeightsEnum]) -> Classifier:
    """`module` with the preset that fits the size it was made for, and the preset's labels where it has as many."""
    size = getattr(module, "image_size", None)
    preset = next((one for one in presets if size in (None, one.transforms().crop_size[0])), presets[0])
    labels = tuple(preset.meta["categories"])
    return Classifier(module, preset.transforms(), labels if len(labels) == _classes(module) else ())


def _from_file(name: str, path: Path, published: type[WeightsEnum]) -> nn.Module:
    if not path.is_file():
        raise ModelError(
            f"“{path}” is neither a file nor the name of weights of {name}. Its published ones are: "
            f"{', '.join(published.__members__)}.",
            "model_not_found",
        )
    weights = {key: value for key, value in _tensors(path).items() if not key.startswith(_AUXILIARY)}
    module = _built(name)
    head = _head(module)
    if (weight := weights.get(f"{head}.weight")) is None:
        raise ModelError(f"“{path.name}” does not hold the weights of a {name}: it has no {head}.weight.")
    if len(weight) != _classes(module):
        module = _built(name, num_classes=len(weight))
    _fill(module, weights, path.name)
    return module


def _tensors(path: Path) -> dict[str, Tensor]:
    """The weights in a file by their names in the model. A pickle that holds more than weights is refused."""
    if path.suffix == ".safetensors":
        list(stored_tensors(path))  # says in which way a file is damaged
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


def _fill(module: nn.Module, weights: Mapping[str, Tensor], shown: str) -> None:
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


def _head(module: nn.Module) -> str:
    """The name of the map that gives the logits: the last there is, linear or, in fully convolutional nets, not."""
    return [name for name, part in module.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)][-1]


def _classes(module: nn.Module) -> int:
    return len(module.get_submodule(_head(module)).get_parameter("weight"))


def _preprocessing(
    resize: int, crop: int, mean: Sequence[float], std: Sequence[float], interpolation: str = "bilinear"
) -> Callable[[Image.Image], Tensor]:
    """Resizes the shorter side, crops the middle and scales, as the presets of torchvision do."""
    steps: Callable[[Image.Image], Tensor] = v2.Compose(
        [
            v2.Resize(resize, InterpolationMode(interpolation)),
            v2.CenterCrop(crop),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean, std),
        ]
    )
    return steps
