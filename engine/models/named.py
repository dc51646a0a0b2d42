"""Image classifiers of torchvision, by the name of their architecture, or from a folder with their settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
import torchvision
from msgspec import Struct
from PIL import Image
from torch import Tensor, nn
from torchvision.models import WeightsEnum
from torchvision.transforms import InterpolationMode, v2

from engine.models.storage.building import building
from engine.models.storage.checkpoint import Checkpoint
from engine.models.storage.entries import Side, as_entries
from engine.models.storage.published import fetch_weights
from engine.models.storage.reading_files import Reading
from engine.models.storage.sources import expanded
from engine.models.storage.state_dicts import count_classes, fill, filled, require_file, tensors_in
from engine.protocol.failures import ModelError
from engine.watch import Watch

RANDOM = "random"  # the weights of an untrained model
RANDOM_SEED = 0  # the same name is the same model every time
_WITH_AUXILIARIES = ("googlenet", "inception_v3")  # heads that help in training alone
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")


@dataclass(frozen=True, eq=False)
class Classifier:
    """A module that classes pictures, how it is shown one, and what its classes are called."""

    module: nn.Module
    preprocess: Callable[[Image.Image], Tensor]  # gives (3, height, width)
    labels: tuple[str, ...]


class _Preprocessing(Struct):
    resize: Side
    crop: Side
    mean: list[float]
    std: list[float]
    interpolation: str = "bilinear"


class _Described(Struct):
    """What config.json says of a class of torchvision."""

    architecture: str
    arguments: dict[str, Any]
    preprocessing: _Preprocessing
    labels: list[Any] = []


def named_classifier(name: str, weights: str | None, watch: Watch) -> Classifier:
    """The torchvision model `name` with its best published weights, others of them, those in a file, or random ones."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0)
        raise ModelError(
            f"torchvision has no classifier “{name}”. Nearest are {', '.join(f'torchvision:{one}' for one in near)}.",
            "model_not_found",
        )
    published = torchvision.models.get_model_weights(name)
    if weights is None or weights in published.__members__:
        chosen = published[weights or "DEFAULT"]
        fetch_weights(chosen.url, watch)
        return _presented(_built(name, chosen), [chosen])
    if weights != RANDOM:
        return _presented(_from_file(name, expanded(weights), published), list(published))
    module = _built(name)
    found = _presented(module, list(published))
    return Classifier(module, found.preprocess, ())  # random weights know no classes


def described_classifier(checkpoint: Checkpoint) -> Classifier:
    """The model of a folder whose config.json names a class of torchvision, its arguments, labels and preprocessing."""
    settings = as_entries("config.json", checkpoint.settings(), _Described)
    name = settings.architecture
    class_ = getattr(torchvision.models, name, None)
    if not isinstance(class_, type) or not issubclass(class_, nn.Module):
        raise ModelError(f"“{checkpoint.shown}” is a {name}, which torchvision does not have.")
    files = checkpoint.weight_files()
    with Reading(f"the settings of “{checkpoint.shown}”"):
        with building(files, checkpoint.shown), torch.device("meta"):
            class_(**settings.arguments)  # takes no memory
        module = class_(**settings.arguments)
        preprocess = _preprocessing(settings.preprocessing)
    weights = {name: value for path in files for name, value in tensors_in(path).items()}
    fill(module, weights, checkpoint.shown)
    return Classifier(module.eval(), preprocess, tuple(map(str, settings.labels)))


def _built(name: str, weights: WeightsEnum | None = None, **arguments: Any) -> nn.Module:
    if name in _WITH_AUXILIARIES:
        arguments["aux_logits"] = False
        if weights is None:
            arguments["init_weights"] = True
    with torch.random.fork_rng(devices=[]), Reading(f"torchvision's {name}"):
        torch.manual_seed(RANDOM_SEED)
        module: nn.Module = torchvision.models.get_model(name, weights=weights, **arguments)
        return module.eval()


def _presented(module: nn.Module, presets: Sequence[WeightsEnum]) -> Classifier:
    """`module` with the preset that fits the size it was made for, and the preset's labels where it has as many."""
    size = getattr(module, "image_size", None)
    preset = next((one for one in presets if size in (None, one.transforms().crop_size[0])), presets[0])
    labels = tuple(preset.meta["categories"])
    return Classifier(module, preset.transforms(), labels if len(labels) == count_classes(module) else ())


def _from_file(name: str, path: Path, published: type[WeightsEnum]) -> nn.Module:
    require_file(path, f"{name}. Its published ones are: {', '.join(published.__members__)}")
    weights = {key: value for key, value in tensors_in(path).items() if not key.startswith(_AUXILIARY)}
    return filled(lambda **arguments: _built(name, **arguments), weights, path.name)


def _preprocessing(asked: _Preprocessing) -> Callable[[Image.Image], Tensor]:
    """Resizes the shorter side, crops the middle and scales, as the presets of torchvision do."""
    steps: Callable[[Image.Image], Tensor] = v2.Compose(
        [
            v2.Resize(asked.resize, InterpolationMode(asked.interpolation)),
            v2.CenterCrop(asked.crop),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(asked.mean, asked.std),
        ]
    )
    return steps
