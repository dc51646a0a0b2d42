"""Image classifiers of timm, where it is installed, by the name of their architecture or from a folder of the hub's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from engine.models.named import RANDOM, RANDOM_SEED, Classifier
from engine.models.storage.checkpoint import Checkpoint
from engine.models.storage.reading_files import Reading
from engine.models.storage.sources import expanded
from engine.models.storage.state_dicts import fill, filled, require_file, tensors_in
from engine.protocol.failures import ModelError

_WRAPPED = "timm_model."  # what transformers puts before every name of such a model
_IMAGENET = re.compile("in(1|12|21|22)k")  # in the tag of weights: what they were trained on


def timm_classifier(name: str, weights: str | None) -> Classifier:
    """The timm model `name` with random weights or those in a file; nothing is downloaded."""
    _require_architecture(name, f"timm:{name}")

    def built(**arguments: Any) -> nn.Module:
        return _built(name, **arguments)

    if weights == RANDOM:
        module = built()
    elif weights is None:
        raise ModelError(f"timm:{name} needs weights: give a file with its state_dict, or “{RANDOM}”.")
    else:
        path = expanded(weights)
        require_file(path, f"timm:{name}: save its state_dict to a file and give that")
        module = filled(built, tensors_in(path), path.name)
    return Classifier(module, _preprocessing(module), ())


def timm_folder(checkpoint: Checkpoint) -> Classifier:
    """The model of a folder as the hub's timm models have it: its config.json names architecture and preprocessing."""
    settings, shown = checkpoint.settings(), checkpoint.shown
    name = settings["architecture"]
    _require_architecture(name, f"“{shown}”")
    with Reading(f"the settings of “{shown}”"):
        own = dict(settings.get("pretrained_cfg", settings))  # older ones have all in one
        count = int(settings.get("num_classes", own.get("num_classes")) or 0)
        if not count:
            raise ModelError(f"“{shown}” is a {name} without a head, which gives no logits: open one that has classes.")
        known = {field.name for field in fields(import_module("timm.models").PretrainedCfg)}
        arguments = dict(settings.get("model_args") or {})
        arguments.setdefault("in_chans", own.get("input_size", (3,))[0])
        labels = _labels(settings, own, count)
    module = _built(
        name,
        pretrained_cfg={key: value for key, value in own.items() if key in known} | {"num_classes": count},
        num_classes=count,
        **arguments,
    )
    files = checkpoint.weight_files()
    weights = {key.removeprefix(_WRAPPED): value for path in files for key, value in tensors_in(path).items()}
    fill(module, weights, shown)
    return Classifier(module, _preprocessing(module), labels)


def _require_architecture(name: str, whose: str) -> None:
    if find_spec("timm") is None:
        raise ModelError(f"{whose} is a model of timm, which is not installed: install it with `pip install timm`.")
    if not import_module("timm").is_model(name):
        raise ModelError(f"timm has no model “{name}”: timm.list_models() names those it has.", "model_not_found")


def _built(name: str, **arguments: Any) -> nn.Module:
    with torch.random.fork_rng(devices=[]), Reading(f"timm's {name}"):
        torch.manual_seed(RANDOM_SEED)
        module: nn.Module = import_module("timm").create_model(name, pretrained=False, **arguments)
        return module.eval()


def _preprocessing(module: nn.Module) -> Callable[[Image.Image], Tensor]:
    data = import_module("timm.data")
    transform: Callable[[Image.Image], Tensor] = data.create_transform(
        **data.resolve_model_data_config(module), is_training=False
    )
    return transform


def _labels(settings: Mapping[str, Any], own: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """The classes' names, described where they are; ImageNet's where the tag says so; none where they are not known."""
    found = [place.get(key) for place in (settings, own) for key in ("label_names", "labels")]
    names = next((one for one in found if one), ())
    described = settings.get("label_descriptions") or own.get("label_descriptions") or {}
    data = import_module("timm.data")
    is_imagenet = not names and _IMAGENET.search(str(own.get("tag", ""))) is not None
    subset = data.infer_imagenet_subset({"num_classes": count}) if is_imagenet else None
    if subset is not None:
        info = data.ImageNetInfo(subset)
        names, described = info.label_names(), info.label_descriptions(as_dict=True)
    return tuple(str(described.get(name, name)) for name in names) if len(names) == count else ()
