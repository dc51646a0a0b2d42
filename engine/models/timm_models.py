"""Image classifiers of timm, where it is installed, by the name of their architecture."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from engine.models.named import RANDOM, RANDOM_SEED, Classifier
from engine.models.storage.reading_files import Reading
from engine.models.storage.sources import expanded
from engine.models.storage.state_dicts import filled, require_file, tensors_in
from engine.protocol.failures import ModelError


def timm_classifier(name: str, weights: str | None) -> Classifier:
    """The timm model `name` with random weights or those in a file; nothing is downloaded."""
    if find_spec("timm") is None:
        raise ModelError(f"timm:{name} is a model of timm, which is not installed: install it with `pip install timm`.")
    timm, data = import_module("timm"), import_module("timm.data")
    if not timm.is_model(name):
        raise ModelError(f"timm has no model “{name}”: timm.list_models() names those it has.", "model_not_found")

    def built(**arguments: Any) -> nn.Module:
        with torch.random.fork_rng(devices=[]), Reading(f"timm's {name}"):
            torch.manual_seed(RANDOM_SEED)
            module: nn.Module = timm.create_model(name, pretrained=False, **arguments)
            return module.eval()

    if weights == RANDOM:
        module = built()
    elif weights is None:
        raise ModelError(f"timm:{name} needs weights: give a file with its state_dict, or “{RANDOM}”.")
    else:
        path = expanded(weights)
        require_file(path, f"timm:{name}: save its state_dict to a file and give that")
        module = filled(built, tensors_in(path), path.name)
    settings = data.resolve_model_data_config(module)
    return Classifier(module, data.create_transform(**settings, is_training=False), ())
